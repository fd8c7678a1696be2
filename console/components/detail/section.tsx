// A part of a page of details, with its heading.

import { useId, type ReactNode } from 'react';
import { classNames } from '../class-names';
import styles from './section.module.css';

interface SectionProps {
  title: string;
  description?: ReactNode;
  /** What can be done with this part. */
  actions?: ReactNode;
  /** Of what destroys. */
  danger?: boolean;
  children: ReactNode;
}

export function Section({ title, description, actions, danger, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classNames(styles.section, danger && styles.danger)} aria-labelledby={id}>
      <header className={styles.head}>
        <div className={styles.words}>
          <h2 id={id} className={styles.title}>
            {title}
          </h2>
          {description && <p className={styles.description}>{description}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Sections below each other. */
export function Sections({ children }: { children: ReactNode }) {
  return <div className={styles.sections}>{children}</div>;
}

/** Terms with what they are: `[term, value]`. */
export function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {of.map(([term, value]) => (
        <div key={term} className={styles.fact}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
