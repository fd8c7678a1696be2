// What is around every page of the console: the bar with the account, and the navigation.

import type { ReactNode } from 'react';
import { SessionKeeper } from '../session-keeper';
import { Logo } from '../site/logo';
import { Toaster } from '../toast';
import { AccountMenu } from './account-menu';
import { Navigation } from './navigation';
import styles from './shell.module.css';

interface ShellProps {
  name: string;
  email: string;
  children: ReactNode;
}

export function Shell({ name, email, children }: ShellProps) {
  return (
    <div className={styles.shell}>
      <header className={styles.bar}>
        <Logo href="/projects" />
        <AccountMenu name={name} email={email} />
      </header>
      <Navigation />
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      <Toaster />
      <SessionKeeper />
    </div>
  );
}
