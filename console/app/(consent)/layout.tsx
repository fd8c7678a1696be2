// Pages on which a person agrees to something: a program or a machine that wants a key. Nothing else is here
// to look at, and nothing happens by itself.

import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { SessionKeeper } from '@/components/session-keeper';
import { Logo } from '@/components/site/logo';
import { PATH_HEADER } from '@/lib/api/path-header';
import { signInPath } from '@/lib/security/return-path';
import { currentSession } from '@/lib/session/current';
import styles from './layout.module.css';

export default async function ConsentLayout({ children }: { children: ReactNode }) {
  if (!(await currentSession())) redirect(signInPath((await headers()).get(PATH_HEADER) ?? '/'));
  return (
    <div className={styles.frame}>
      <header className={styles.bar}>
        <Logo href="/projects" />
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      <SessionKeeper />
    </div>
  );
}
