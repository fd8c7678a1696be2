'use client';
// Dialogs: one for forms and reading, one that asks before something is destroyed.

import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as RadixDialog } from 'radix-ui';
import { useId, useState, type FormEvent, type ReactNode } from 'react';
import type { Problem } from '@/lib/api/problem';
import { Button, IconButton } from './button';
import styles from './dialog.module.css';
import { ErrorNote } from './error-note';
import { Field, TextInput } from './field';
import { useStyleNonce } from './style-nonce';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** One sentence below the title. */
  description?: ReactNode;
  children: ReactNode;
  wide?: boolean;
  /** While false, only a button of the content closes it: for what is shown once. */
  dismissable?: boolean;
}

export function Dialog({ open, onOpenChange, title, description, children, wide, dismissable = true }: DialogProps) {
  useStyleNonce();
  const keep = dismissable ? undefined : (event: Event) => event.preventDefault();
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={styles.veil} />
        <RadixDialog.Content
          className={wide ? `${styles.content} ${styles.wide}` : styles.content}
          onInteractOutside={keep}
          onEscapeKeyDown={keep}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <RadixDialog.Title className={styles.title}>{title}</RadixDialog.Title>
          {description && <RadixDialog.Description className={styles.description}>{description}</RadixDialog.Description>}
          {children}
          {dismissable && (
            <RadixDialog.Close asChild>
              <IconButton label="Close" small className={styles.close}>
                <X aria-hidden />
              </IconButton>
            </RadixDialog.Close>
          )}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

/** The row of buttons at the end of a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will happen, and that it cannot be undone where it cannot. */
  description: ReactNode;
  /** What the button says: the deed, such as “Delete endpoint”. */
  action: string;
  /** Must be typed before the button does anything: the name of what is deleted. */
  phrase?: string;
  /** Controls beside the phrase, such as a box that says how far it goes. */
  children?: ReactNode;
  pending?: boolean;
  problem?: Problem | undefined;
  onConfirm: () => void;
}

export function ConfirmDialog({ open, onOpenChange, title, description, phrase, ...rest }: ConfirmDialogProps) {
  useStyleNonce();
  return (
    <RadixAlert.Root open={open} onOpenChange={onOpenChange}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={styles.veil} />
        <RadixAlert.Content className={styles.content}>
          <RadixAlert.Title className={styles.title}>{title}</RadixAlert.Title>
          <RadixAlert.Description asChild>
            <div className={styles.description}>{description}</div>
          </RadixAlert.Description>
          <Confirmation phrase={phrase} {...rest} />
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}

/** Mounted with each opening, so what was typed last time is gone. */
function Confirmation({ action, phrase, children, pending, problem, onConfirm }: Omit<ConfirmDialogProps, 'open' | 'onOpenChange' | 'title' | 'description'>) {
  const [typed, setTyped] = useState('');
  const id = useId();
  const isReady = phrase === undefined || typed.trim() === phrase;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onConfirm();
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      {phrase !== undefined && (
        <Field id={id} label={<>Type <code>{phrase}</code> to confirm</>}>
          <TextInput value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
        </Field>
      )}
      {children}
      {problem && <ErrorNote problem={problem} />}
      <DialogActions>
        <RadixAlert.Cancel asChild>
          <Button>Cancel</Button>
        </RadixAlert.Cancel>
        <Button kind="danger" type="submit" disabled={!isReady} pending={pending}>
          {action}
        </Button>
      </DialogActions>
    </form>
  );
}
