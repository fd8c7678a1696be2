// What a person reads before they agree: who they are, who asks, what comes of it. A plain form, which works
// without scripts, and does nothing until one of its buttons is pressed.

import type { ReactNode } from 'react';
import { Button } from '@/components/button';
import styles from './consent.module.css';

interface ConsentProps {
  title: string;
  /** What was asked for, in a sentence or two. */
  children: ReactNode;
  /** The form's target: a route that takes the decision. */
  action: string;
  /** The account that would get the key: the route checks that it still is the one signed in. */
  account: string;
  /** Name and value of what is agreed to. */
  facts: [string, ReactNode][];
  /** When to press the other button. */
  warning: ReactNode;
  agree: string;
  refuse: string;
  /** Why the last try was not done. */
  problem?: string | undefined;
}

export function Consent({ title, children, action, account, facts, warning, agree, refuse, problem }: ConsentProps) {
  return (
    <section className={styles.card}>
      <h1>{title}</h1>
      <div className={styles.text}>{children}</div>
      {problem && (
        <p role="alert" className={styles.alert}>
          {problem}
        </p>
      )}
      <dl className={styles.facts}>
        {[['Account', account] as const, ...facts].map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.warning}>{warning}</p>
      <form action={action} method="post" className={styles.actions}>
        <input type="hidden" name="account" value={account} />
        <Button kind="primary" type="submit" name="decision" value="agree">
          {agree}
        </Button>
        <Button type="submit" name="decision" value="refuse">
          {refuse}
        </Button>
      </form>
      <form action="/sign-out" method="post" className={styles.other}>
        Another account? <button type="submit">Sign out</button>, then open this address again.
      </form>
    </section>
  );
}
