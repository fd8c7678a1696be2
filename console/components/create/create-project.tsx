'use client';
// Makes a project, and goes to it.

import { Plus } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState, type FormEvent } from 'react';
import { fieldMessage, isNameTaken } from '@/lib/api/problem';
import { createProject } from '@/lib/api/writes';
import { LONGEST, nameError } from '@/lib/kubernetes/name';
import { checkList, rangesOf } from '@/lib/network/allow-list';
import { Button } from '../button';
import { Dialog, DialogActions } from '../dialog';
import { ErrorNote } from '../error-note';
import { Field, TextInput } from '../field';
import { AllowListEditor } from '../forms/allow-list-editor';
import forms from '../forms/forms.module.css';
import { useIdempotencyKey } from '../forms/use-idempotency-key';
import { useAction } from '../use-action';

export function CreateProject({ label = 'New project' }: { label?: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        {label}
      </Button>
      <Dialog open={isOpen} onOpenChange={setOpen} title="New project" description="A group of Postgres endpoints that share a version, a quota and a network.">
        <ProjectForm onCancel={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const SHOWN = ['name', 'displayName', 'postgresVersion', 'network.allowedCidrs'];

function ProjectForm({ onCancel }: { onCancel: () => void }) {
  const router = useRouter();
  const keyFor = useIdempotencyKey();
  const [draft, setDraft] = useState({ name: '', displayName: '', postgresVersion: '17', ranges: [''] });
  const { run, pending, problem, reset } = useAction(createProject);
  // What was refused is not what stands there any more.
  const set = (change: Partial<typeof draft>) => {
    setDraft({ ...draft, ...change });
    reset();
  };
  const { name, displayName, postgresVersion, ranges } = draft;
  const hasRanges = checkList(ranges).some(({ kind }) => kind !== 'empty');
  const allowedCidrs = rangesOf(ranges);
  const versionError = /^[1-9]\d$/.test(postgresVersion) ? undefined : 'Write a major version, such as 17.';
  const isValid = !nameError(name, LONGEST.project) && !versionError && (!hasRanges || allowedCidrs !== undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isValid) return;
    const body = { name, displayName: displayName.trim() || undefined, postgresVersion, network: allowedCidrs && { allowedCidrs } };
    const made = await run(body, keyFor(body));
    if (made) router.push(`/projects/${made.id}`);
  };
  return (
    <form onSubmit={submit} className={forms.dialog} noValidate>
      <Field label="Name" hint="It cannot be changed: kubectl and Git know the project by it." error={(name && nameError(name, LONGEST.project)) || fieldMessage(problem, 'name')}>
        <TextInput value={name} onChange={(event) => set({ name: event.target.value })} placeholder="shop" autoComplete="off" autoCapitalize="off" spellCheck={false} />
      </Field>
      <Field label="Display name" optional error={fieldMessage(problem, 'displayName')}>
        <TextInput value={displayName} onChange={(event) => set({ displayName: event.target.value })} placeholder="The shop" maxLength={128} autoComplete="off" />
      </Field>
      <Field label="Postgres" hint="The major version of all its endpoints. It cannot be changed." error={versionError ?? fieldMessage(problem, 'postgresVersion')}>
        <TextInput value={postgresVersion} onChange={(event) => set({ postgresVersion: event.target.value.trim() })} inputMode="numeric" autoComplete="off" />
      </Field>
      <AllowListEditor
        label="Allowed ranges (optional)"
        hint="Who may connect to endpoints that have no allow-list of their own. Without one, each endpoint needs its own."
        value={ranges}
        onChange={(next) => set({ ranges: next })}
        errors={[fieldMessage(problem, 'network.allowedCidrs')].filter((message) => message !== undefined)}
      />
      {problem && !isNameTaken(problem) && <ErrorNote problem={problem} shownFields={SHOWN} />}
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={!isValid} pending={pending}>
          Create project
        </Button>
      </DialogActions>
    </form>
  );
}
