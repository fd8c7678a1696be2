'use client';
// The form of a new key.

import { useRef, useState, type FormEvent } from 'react';
import { Button } from '@/components/button';
import { DialogActions } from '@/components/dialog';
import { ErrorNote } from '@/components/error-note';
import { Checkbox, Field, SelectInput, TextInput } from '@/components/field';
import forms from '@/components/forms/forms.module.css';
import { useAction } from '@/components/use-action';
import { endOf, LIVES, type Life } from '@/lib/account/keys';
import { browserApi, unwrap } from '@/lib/api/browser';
import { fieldMessage } from '@/lib/api/problem';
import type { components } from '@/lib/api/schema';
import styles from './api-keys.module.css';
import type { ProjectChoice } from './new-key';

type Schemas = components['schemas'];

interface NewKeyFormProps {
  projects: ProjectChoice[];
  onCreated: (key: Schemas['CreatedApiKey']) => void;
  onClose: () => void;
}

const SHOWN_FIELDS = ['label', 'project', 'scopes', 'expiresAt'];

export function NewKeyForm({ projects, onCreated, onClose }: NewKeyFormProps) {
  const [label, setLabel] = useState('');
  const [life, setLife] = useState<Life>('90');
  const [date, setDate] = useState('');
  const [project, setProject] = useState('');
  const [scopes, setScopes] = useState<Schemas['Scope'][]>(['read', 'write']);
  const [mistake, setMistake] = useState<{ scopes?: string; expiresAt?: string }>({});
  const create = useCreate();
  const { run, pending, problem } = useAction(async (body: Schemas['CreateApiKey']) => onCreated(await create(body)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const end = endOf(life, date);
    const found = {
      ...(scopes.length === 0 && { scopes: 'Tick one or both: a key that may do nothing is of no use.' }),
      ...(end && Number.isNaN(end.getTime()) && { expiresAt: 'Choose a day that is not over.' }),
    };
    setMistake(found);
    if (Object.keys(found).length > 0) return;
    void run({ label: label.trim(), scopes, expiresAt: end?.toISOString(), project: project || undefined });
  };
  const toggle = (scope: Schemas['Scope'], isOn: boolean) =>
    setScopes((now) => (['read', 'write'] as const).filter((each) => (each === scope ? isOn : now.includes(each))));
  const said = (field: string) => fieldMessage(problem, field);
  const isSaidBeside = problem?.errors?.length && problem.errors.every(({ field }) => SHOWN_FIELDS.includes(field));
  return (
    <form onSubmit={submit} className={forms.dialog}>
      <Field label="Label" hint="What uses it, such as a job or a machine." error={said('label')}>
        <TextInput value={label} onChange={(event) => setLabel(event.target.value)} maxLength={128} required autoComplete="off" placeholder="ci of shop" />
      </Field>
      <Expiry life={life} date={date} error={mistake.expiresAt ?? said('expiresAt')} onLife={setLife} onDate={setDate} />
      <ScopeChoice scopes={scopes} error={mistake.scopes ?? said('scopes')} onToggle={toggle} />
      <Field label="Project" error={said('project')}>
        <SelectInput value={project} onChange={(event) => setProject(event.target.value)}>
          <option value="">All projects, and new ones</option>
          {projects.map(({ name, title }) => (
            <option key={name} value={name}>
              Only {title}
            </option>
          ))}
        </SelectInput>
      </Field>
      {problem && !isSaidBeside && <ErrorNote problem={problem} shownFields={SHOWN_FIELDS} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" pending={pending}>
          Create key
        </Button>
      </DialogActions>
    </form>
  );
}

/** Asking again for the same key, after an answer was lost, makes no second one. */
function useCreate() {
  const last = useRef({ body: '', id: '' });
  return (body: Schemas['CreateApiKey']) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, id: crypto.randomUUID() };
    return unwrap(browserApi.POST('/v1/api-keys', { body, params: { header: { 'Idempotency-Key': last.current.id } } }));
  };
}

interface ExpiryProps {
  life: Life;
  date: string;
  error: string | undefined;
  onLife: (life: Life) => void;
  onDate: (date: string) => void;
}

function Expiry({ life, date, error, onLife, onDate }: ExpiryProps) {
  const isDate = life === 'date';
  return (
    <div className={styles.pair}>
      <Field label="Expires after" error={isDate ? undefined : error}>
        <SelectInput value={life} onChange={(event) => onLife(event.target.value as Life)}>
          {LIVES.map(({ value, name }) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </SelectInput>
      </Field>
      {isDate && (
        <Field label="Last day" error={error}>
          <TextInput type="date" value={date} onChange={(event) => onDate(event.target.value)} required />
        </Field>
      )}
    </div>
  );
}

interface ScopeChoiceProps {
  scopes: Schemas['Scope'][];
  error: string | undefined;
  onToggle: (scope: Schemas['Scope'], isOn: boolean) => void;
}

function ScopeChoice({ scopes, error, onToggle }: ScopeChoiceProps) {
  return (
    <fieldset className={styles.scopes}>
      <legend>Scopes</legend>
      <Checkbox label="Read" checked={scopes.includes('read')} onChange={(event) => onToggle('read', event.target.checked)} />
      <Checkbox label="Write" checked={scopes.includes('write')} onChange={(event) => onToggle('write', event.target.checked)} />
      <p className={styles.hint}>Reading the password of a database needs both.</p>
      <p role="alert" className={styles.mistake}>
        {error}
      </p>
    </fieldset>
  );
}
