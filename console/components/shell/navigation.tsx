'use client';
// The navigation of the console: at the side, or below the bar where there is no room at the side.

import { Activity, BookOpen, Boxes, KeyRound } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import styles from './navigation.module.css';

const PLACES = [
  { href: '/projects', below: ['/projects', '/endpoints'], name: 'Projects', icon: Boxes },
  { href: '/settings/api-keys', below: ['/settings/api-keys'], name: 'API keys', icon: KeyRound },
  { href: '/settings/activity', below: ['/settings/activity'], name: 'Activity', icon: Activity },
  { href: '/docs/auth', below: [], name: 'Docs', icon: BookOpen },
];

export function Navigation() {
  const path = usePathname();
  return (
    <nav aria-label="Console" className={styles.navigation}>
      <ul className={styles.list}>
        {PLACES.map(({ href, below, name, icon: Icon }) => {
          const isHere = below.some((place) => path === place || path.startsWith(`${place}/`));
          return (
            <li key={href}>
              <Link href={href} className={styles.link} aria-current={isHere ? (path === href ? 'page' : 'true') : undefined}>
                <Icon aria-hidden className={styles.icon} />
                {name}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
