'use client';
// A form over a draft: saves, goes back, and says when the present value has changed meanwhile.

import { TriangleAlert } from 'lucide-react';
import type { FormEvent, ReactNode } from 'react';
import type { Problem } from '@/lib/api/problem';
import { Button } from '../button';
import { ErrorNote } from '../error-note';
import styles from './forms.module.css';

interface DraftFormProps {
  draft: { isDirty: boolean; isOvertaken: boolean; reset: () => void; keep: () => void };
  /** Whether what was written may be sent. */
  isValid: boolean;
  pending: boolean;
  problem: Problem | undefined;
  /** Members of the request whose messages the fields show. */
  shownFields: readonly string[];
  onSave: () => void;
  /** Forgets the refusal. */
  onReset: () => void;
  action?: string;
  children: ReactNode;
}

export function DraftForm({ draft, isValid, pending, problem, shownFields, onSave, onReset, action = 'Save', children }: DraftFormProps) {
  const isReady = draft.isDirty && isValid && !draft.isOvertaken;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onSave();
  };
  const discard = () => {
    draft.reset();
    onReset();
  };
  const keep = () => {
    draft.keep();
    onReset();
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      {children}
      {problem && <ErrorNote problem={problem} shownFields={shownFields} />}
      {draft.isOvertaken && !pending && <Overtaken onTake={discard} onKeep={keep} />}
      <div className={styles.actions}>
        <Button kind="primary" type="submit" disabled={!isReady && !pending} pending={pending}>
          {action}
        </Button>
        <Button kind="quiet" disabled={!draft.isDirty || pending} onClick={discard}>
          Discard changes
        </Button>
      </div>
    </form>
  );
}

function Overtaken({ onTake, onKeep }: { onTake: () => void; onKeep: () => void }) {
  return (
    <div className={styles.overtaken} role="status">
      <TriangleAlert aria-hidden />
      <p>This was changed elsewhere while you were writing. Which of the two shall it be?</p>
      <div className={styles.actions}>
        <Button small onClick={onTake}>
          Take what is there now
        </Button>
        <Button small onClick={onKeep}>
          Keep what I wrote
        </Button>
      </div>
    </div>
  );
}
