'use client';
// A labelled control with its hint and its error, tied together for screen readers.

import { createContext, useContext, useId, type ComponentProps, type ReactNode } from 'react';
import { classNames } from './class-names';
import styles from './field.module.css';

interface Tie {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

const Control = createContext<Tie | undefined>(undefined);

interface FieldProps {
  label: ReactNode;
  /** What may be written here. */
  hint?: ReactNode;
  /** What to write instead. */
  error?: string | undefined;
  optional?: boolean;
  id?: string;
  /** One control: TextInput, TextArea or SelectInput. */
  children: ReactNode;
}

export function Field({ label, hint, error, optional, id, children }: FieldProps) {
  const made = useId();
  const own = id ?? made;
  const describedBy = [hint && `${own}-hint`, error && `${own}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={own} className={styles.label}>
        {label}
        {optional && <span className={styles.optional}>optional</span>}
      </label>
      <Control value={{ id: own, 'aria-describedby': describedBy, 'aria-invalid': error ? true : undefined }}>{children}</Control>
      {hint && (
        <p id={`${own}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      <p id={`${own}-error`} className={styles.error} aria-live="polite">
        {error}
      </p>
    </div>
  );
}

export function TextInput({ className, ...rest }: ComponentProps<'input'>) {
  return <input type="text" {...useContext(Control)} {...rest} className={classNames(styles.control, className)} />;
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea rows={4} {...useContext(Control)} {...rest} className={classNames(styles.control, styles.area, className)} />;
}

/** The platform's own select: it works with every keyboard, phone and screen reader. */
export function SelectInput({ className, ...rest }: ComponentProps<'select'>) {
  return <select {...useContext(Control)} {...rest} className={classNames(styles.control, className)} />;
}

type ChoiceProps = Omit<ComponentProps<'input'>, 'type'> & { label: ReactNode; hint?: ReactNode };

/** A box to tick, with its label beside it. */
export function Checkbox(props: ChoiceProps) {
  return <Choice type="checkbox" {...props} />;
}

/** One of several of the same `name`, with its label beside it. They belong into a fieldset. */
export function Radio(props: ChoiceProps) {
  return <Choice type="radio" {...props} />;
}

function Choice({ label, hint, type, ...rest }: ChoiceProps & { type: 'checkbox' | 'radio' }) {
  const id = useId();
  return (
    <div className={styles.choice}>
      <input type={type} id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
