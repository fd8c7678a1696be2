// A page with one message in its middle: sign-in, refusals, what is not there.

import type { ReactNode } from 'react';
import styles from './notice.module.css';

interface NoticeProps {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}

export function Notice({ title, children, actions }: NoticeProps) {
  return (
    <section className={styles.notice}>
      <h1 className={styles.title}>{title}</h1>
      <div className={styles.text}>{children}</div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </section>
  );
}
