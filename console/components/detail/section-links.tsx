'use client';
// The pages of one thing: links in a row, of which one is where the person is.

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import styles from './section-links.module.css';

interface SectionLinksProps {
  label: string;
  /** Path of the first page; the others are below it. */
  base: string;
  /** `[path below the base, name]`; the first path is empty. */
  links: readonly (readonly [string, string])[];
}

export function SectionLinks({ label, base, links }: SectionLinksProps) {
  const path = usePathname();
  return (
    <nav aria-label={label} className={styles.links}>
      <ul className={styles.list}>
        {links.map(([below, name]) => {
          const href = below ? `${base}/${below}` : base;
          return (
            <li key={href}>
              <Link href={href} className={styles.link} aria-current={path === href ? 'page' : undefined}>
                {name}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
