// What is around pages that anybody may read.

import Link from 'next/link';
import type { ReactNode } from 'react';
import { currentSession } from '@/lib/session/current';
import { ButtonLink } from '../button';
import { Logo } from './logo';
import styles from './site-frame.module.css';

const FOOT = [
  { href: '/docs/auth', name: 'Sign-in and keys' },
  { href: '/docs/cli', name: 'keon' },
  { href: '/docs/limits', name: 'Limits' },
  { href: '/docs/security', name: 'Security' },
  { href: '/docs/alpha-access', name: 'Alpha access' },
  { href: '/docs/faq', name: 'FAQ' },
];

export async function SiteFrame({ children }: { children: ReactNode }) {
  const session = await currentSession();
  return (
    <div className={styles.frame}>
      <header className={styles.bar}>
        <Logo href="/" />
        <nav aria-label="Site" className={styles.links}>
          <Link href="/docs/auth" prefetch={false} className={styles.link}>
            Docs
          </Link>
          {session ? (
            <ButtonLink href="/projects" small kind="primary" prefetch={false}>
              Open console
            </ButtonLink>
          ) : (
            <ButtonLink href="/sign-in" small prefetch={false}>
              Sign in
            </ButtonLink>
          )}
        </nav>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      <footer className={styles.foot}>
        <nav aria-label="Documentation">
          <ul>
            {FOOT.map(({ href, name }) => (
              <li key={href}>
                <Link href={href} prefetch={false}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <p>Kisenon is in alpha.</p>
      </footer>
    </div>
  );
}
