'use client';
// Gives a key another label.

import { useState, type FormEvent } from 'react';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { ErrorNote } from '@/components/error-note';
import { Field, TextInput } from '@/components/field';
import forms from '@/components/forms/forms.module.css';
import { useAction } from '@/components/use-action';
import type { ApiKey } from '@/lib/account/keys';
import { browserApi, unwrap } from '@/lib/api/browser';
import { fieldMessage } from '@/lib/api/problem';

interface RenameKeyProps {
  apiKey: ApiKey;
  onDone: () => void;
  onClose: () => void;
}

export function RenameKey({ apiKey, onDone, onClose }: RenameKeyProps) {
  const [label, setLabel] = useState(apiKey.label);
  const { run, pending, problem } = useAction(async () => {
    await unwrap(
      browserApi.PATCH('/v1/api-keys/{id}', {
        params: { path: { id: apiKey.id } },
        body: { label: label.trim() },
        headers: { 'content-type': 'application/merge-patch+json' },
      }),
    );
    onDone();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run();
  };
  const message = fieldMessage(problem, 'label');
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Rename API key">
      <form onSubmit={submit} className={forms.dialog}>
        <Field label="Label" error={message}>
          <TextInput value={label} onChange={(event) => setLabel(event.target.value)} maxLength={128} required autoComplete="off" />
        </Field>
        {problem && !message && <ErrorNote problem={problem} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" pending={pending}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
