'use client';
// Short notes about what has happened, at the edge of the page: `toast('Key revoked')`, from anywhere.

import { X } from 'lucide-react';
import { Toast } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { IconButton } from './button';
import styles from './toast.module.css';

interface Note {
  id: number;
  text: string;
  tone: 'good' | 'bad';
}

const NONE: readonly Note[] = [];
const SHOWN = 6000;

let notes: readonly Note[] = NONE;
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Note[]): void {
  notes = next;
  for (const listener of listeners) listener();
}

/** Shows a note. What must be read belongs on the page instead: a note goes away. */
export function toast(text: string, tone: Note['tone'] = 'good'): void {
  change([...notes, { id: ++last, text, tone }]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where notes appear; once, in the layout. Nothing of it is in the page before the first one. */
export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => notes, () => NONE);
  if (last === 0) return null;
  return (
    <Toast.Provider duration={SHOWN} label="Note">
      {shown.map(({ id, text, tone }) => (
        <Toast.Root
          key={id}
          className={`${styles.note} ${styles[tone]}`}
          onOpenChange={(open) => !open && change(notes.filter((note) => note.id !== id))}
        >
          <Toast.Title className={styles.text}>{text}</Toast.Title>
          <Toast.Close asChild>
            <IconButton label="Dismiss" small>
              <X aria-hidden />
            </IconButton>
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles.viewport} />
    </Toast.Provider>
  );
}
