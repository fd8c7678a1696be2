'use client';
// Edits an allow-list, and says of each range while it is typed what it means or what to write instead.

import { Plus, TriangleAlert, X } from 'lucide-react';
import { useId, useRef, type ClipboardEvent } from 'react';
import { checkList, MOST_RANGES, splitPasted, type Checked } from '@/lib/network/allow-list';
import { Button, IconButton } from '../button';
import { TextInput } from '../field';
import styles from './allow-list-editor.module.css';

interface AllowListEditorProps {
  label: string;
  hint?: string;
  /** As typed: entries may be empty or wrong. Never without any entry. */
  value: readonly string[];
  onChange: (value: string[]) => void;
  /** What the API said about the list or an entry of it. */
  errors?: readonly string[];
}

export function AllowListEditor({ label, hint, value, onChange, errors = [] }: AllowListEditorProps) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const checked = checkList(value);
  const set = (index: number, ...entries: string[]) => onChange(value.toSpliced(index, 1, ...entries));
  const add = () => {
    onChange([...value, '']);
    requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus());
  };
  const remove = (index: number) => {
    set(index, ...(value.length === 1 ? [''] : []));
    requestAnimationFrame(() => list.current?.querySelectorAll('input')[Math.max(0, index - 1)]?.focus());
  };
  return (
    <fieldset className={styles.editor} aria-describedby={hint ? `${id}-hint` : undefined}>
      <legend className={styles.label}>{label}</legend>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      <ul ref={list} className={styles.list}>
        {value.map((text, index) => (
          <Entry
            key={index}
            id={`${id}-${index}`}
            name={`${label}, range ${index + 1}`}
            text={text}
            checked={checked[index] ?? { kind: 'empty' }}
            onChange={(...entries) => set(index, ...entries)}
            {...(value.length > 1 || text ? { onRemove: () => remove(index) } : {})}
          />
        ))}
      </ul>
      {errors.map((message) => (
        <p key={message} role="alert" className={styles.bad}>
          {message}
        </p>
      ))}
      <Button small onClick={add} disabled={value.length >= MOST_RANGES}>
        <Plus aria-hidden />
        Add a range
      </Button>
    </fieldset>
  );
}

interface EntryProps {
  id: string;
  name: string;
  text: string;
  checked: Checked;
  /** More than one entry: a list was pasted. */
  onChange: (...entries: string[]) => void;
  onRemove?: () => void;
}

function Entry({ id, name, text, checked, onChange, onRemove }: EntryProps) {
  const paste = (event: ClipboardEvent) => {
    const entries = splitPasted(event.clipboardData.getData('text'));
    if (entries.length < 2) return;
    event.preventDefault();
    onChange(...[text, ...entries].filter(Boolean));
  };
  return (
    <li className={styles.entry}>
      <TextInput
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onPaste={paste}
        placeholder="203.0.113.0/24"
        aria-label={name}
        aria-describedby={`${id}-said`}
        aria-invalid={checked.kind === 'bad' || undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        className={styles.input}
      />
      {onRemove && (
        <IconButton label={`Remove ${text || 'this range'}`} onClick={onRemove}>
          <X aria-hidden />
        </IconButton>
      )}
      <div id={`${id}-said`} className={styles.said} aria-live="polite">
        <Said checked={checked} onInstead={(instead) => onChange(instead)} />
      </div>
    </li>
  );
}

function Said({ checked, onInstead }: { checked: Checked; onInstead: (cidr: string) => void }) {
  if (checked.kind === 'empty') return null;
  if (checked.kind === 'bad') {
    return (
      <p className={styles.bad}>
        {checked.message}{' '}
        {checked.instead.map((cidr) => (
          <button key={cidr} type="button" className={styles.instead} onClick={() => onInstead(cidr)}>
            Use {cidr}
          </button>
        ))}
      </p>
    );
  }
  const { addresses, warning, note } = checked;
  if (warning) {
    return (
      <p className={styles.warning}>
        <TriangleAlert aria-hidden />
        {warning}
      </p>
    );
  }
  const count = addresses === 1 ? 'One address.' : `${addresses.toLocaleString('en')} addresses.`;
  return <p className={styles.good}>{note ? `${count} ${note}` : count}</p>;
}
