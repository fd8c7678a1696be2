// A refusal as people can read it: what is wrong, what to do instead, and the id to report it by.

import { CircleAlert } from 'lucide-react';
import type { Problem } from '@/lib/api/problem';
import { sentence } from '@/lib/words/sentence';
import styles from './error-note.module.css';

interface ErrorNoteProps {
  problem: Problem;
  /** Members whose messages stand beside their fields already. */
  shownFields?: readonly string[];
}

export function ErrorNote({ problem, shownFields = [] }: ErrorNoteProps) {
  const errors = (problem.errors ?? []).filter((error) => !shownFields.includes(error.field));
  return (
    <div role="alert" className={styles.note}>
      <CircleAlert aria-hidden className={styles.icon} />
      <div className={styles.text}>
        <p className={styles.title}>{problem.title}</p>
        {problem.detail && <p>{sentence(problem.detail)}</p>}
        {errors.length > 0 && (
          <ul className={styles.errors}>
            {errors.map(({ field, message }) => (
              <li key={`${field} ${message}`}>
                <code>{field}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {problem.requestId && (
          <p className={styles.request}>
            Request <code>{problem.requestId}</code>
          </p>
        )}
      </div>
    </div>
  );
}
