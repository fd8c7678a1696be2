'use client';
// Server parameters of an endpoint, by name.

import { Plus, X } from 'lucide-react';
import { Button, IconButton } from '@/components/button';
import { Section } from '@/components/detail/section';
import { Field, TextInput } from '@/components/field';
import { DraftForm } from '@/components/forms/draft-form';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateEndpoint } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';
import { PARAMETERS, parameterPatch, parametersOf, parameterRows, rowError, type Row } from '@/lib/kubernetes/parameters';
import styles from './parameter-settings.module.css';

type Endpoint = Things['endpoint'];

const about = ({ postgres }: Endpoint) => postgres?.parameters ?? {};

const written = (endpoint: Endpoint) => ({ rows: parameterRows(about(endpoint)) });

export function ParameterSettings({ endpoint }: { endpoint: Endpoint }) {
  const draft = useDraft(written(endpoint));
  const { run, pending, problem, reset } = useAction(updateEndpoint);
  const { rows } = draft.value;
  const errors = rows.map((row, index) => rowError(row, rows.slice(0, index)));
  const save = async () => {
    const parameters = parameterPatch(about(endpoint), parametersOf(rows));
    const saved = await run(endpoint, { postgres: { parameters } }, about);
    if (!saved) return;
    draft.saved(written(saved));
    toast('Parameters saved: the server restarts with them');
  };
  const set = (index: number, ...next: Row[]) => draft.set({ rows: rows.toSpliced(index, 1, ...next) });
  const path = (name: string) => `postgres.parameters.${name}`;
  return (
    <Section title="Parameters" description="Of the Postgres server. A change restarts it. Only those can be set that cannot weaken isolation.">
      <DraftForm
        draft={draft}
        isValid={errors.every((error) => !error.name && !error.value)}
        pending={pending}
        problem={problem}
        shownFields={rows.map(({ name }) => path(name))}
        onSave={save}
        onReset={reset}
      >
        <ul className={styles.rows}>
          {rows.map((row, index) => (
            <li key={index} className={styles.row}>
              <Field label="Parameter" error={errors[index]?.name}>
                <TextInput value={row.name} onChange={(event) => set(index, { ...row, name: event.target.value.trim() })} list="parameters" autoComplete="off" autoCapitalize="off" spellCheck={false} />
              </Field>
              <Field label="Value" error={errors[index]?.value ?? fieldMessage(problem, path(row.name))}>
                <TextInput value={row.value} onChange={(event) => set(index, { ...row, value: event.target.value })} autoComplete="off" autoCapitalize="off" spellCheck={false} />
              </Field>
              <IconButton label={`Remove ${row.name || 'this parameter'}`} onClick={() => set(index)} className={styles.remove}>
                <X aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
        <datalist id="parameters">
          {PARAMETERS.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <div>
          <Button small onClick={() => draft.set({ rows: [...rows, { name: '', value: '' }] })}>
            <Plus aria-hidden />
            Add a parameter
          </Button>
        </div>
      </DraftForm>
    </Section>
  );
}
