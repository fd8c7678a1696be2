// A state in one word, told by colour, shape and text alike.

import styles from './status.module.css';

export type Tone = 'good' | 'busy' | 'bad' | 'idle';

interface StatusProps {
  tone: Tone;
  children: string;
}

export function Status({ tone, children }: StatusProps) {
  return (
    <span className={`${styles.status} ${styles[tone]}`}>
      <span className={styles.dot} aria-hidden />
      {children}
    </span>
  );
}
