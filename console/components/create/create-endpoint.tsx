'use client';
// Makes an endpoint, and goes to it, where it is seen coming up.

import { Plus } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState, type FormEvent } from 'react';
import { fieldMessage, isNameTaken } from '@/lib/api/problem';
import { createEndpoint } from '@/lib/api/writes';
import { LONGEST, nameError } from '@/lib/kubernetes/name';
import type { Things } from '@/lib/live/state';
import { Button } from '../button';
import { Dialog, DialogActions } from '../dialog';
import { ErrorNote } from '../error-note';
import { Field, SelectInput, TextInput } from '../field';
import forms from '../forms/forms.module.css';
import { useIdempotencyKey } from '../forms/use-idempotency-key';
import { useAction } from '../use-action';
import { accessDraft, accessOf, NetworkChoice } from './network-choice';
import { sizeErrors, SizeFields } from './size-fields';

type Project = Things['project'];

interface CreateEndpointProps {
  /** Where it may be made: one, or several to choose from. */
  projects: readonly Project[];
  label?: string;
}

export function CreateEndpoint({ projects, label = 'New endpoint' }: CreateEndpointProps) {
  const [isOpen, setOpen] = useState(false);
  const [first] = projects;
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)} disabled={!first}>
        <Plus aria-hidden />
        {label}
      </Button>
      {first && (
        <Dialog open={isOpen} onOpenChange={setOpen} title="New endpoint" description="A Postgres server of its own, behind a network perimeter of its own." wide>
          <EndpointForm projects={projects} first={first} onCancel={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

const SHOWN = ['project', 'name', 'compute.cpu', 'compute.memory', 'storage.size', 'database', 'role.name', 'access.allowedCidrs'];

function useEndpointDraft(first: Project, onChange: () => void) {
  const [draft, setDraft] = useState({ project: first.id, name: `${first.name}-`, cpu: '500m', memory: '512Mi', storage: '1Gi', database: '', role: '' });
  const [access, setAccess] = useState(accessDraft(undefined, first.network));
  return {
    draft,
    set: (change: Partial<typeof draft>) => {
      setDraft({ ...draft, ...change });
      onChange();
    },
    access,
    setAccess: (change: Partial<typeof access>) => {
      setAccess({ ...access, ...change });
      onChange();
    },
    choose: (project: Project) => {
      setDraft({ ...draft, project: project.id, name: `${project.name}-` });
      setAccess(accessDraft(undefined, project.network));
      onChange();
    },
  };
}

function EndpointForm({ projects, first, onCancel }: { projects: readonly Project[]; first: Project; onCancel: () => void }) {
  const router = useRouter();
  const keyFor = useIdempotencyKey();
  const { run, pending, problem, reset } = useAction(createEndpoint);
  // What was refused is not what stands there any more.
  const { draft, set, access, setAccess, choose } = useEndpointDraft(first, reset);
  const project = projects.find(({ id }) => id === draft.project) ?? first;
  const errors = sizeErrors(draft);
  const asked = accessOf(access);
  const isValid = !nameError(draft.name, LONGEST.endpoint) && Object.keys(errors).length === 0 && asked !== undefined;
  const said = (field: string) => fieldMessage(problem, field);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isValid) return;
    const { name, cpu, memory, storage, database, role } = draft;
    const body = {
      project: project.id,
      name,
      compute: { cpu: cpu.trim(), memory: memory.trim() },
      storage: { size: storage.trim() },
      ...(asked ? { access: asked } : {}),
      ...(database ? { database } : {}),
      ...(role ? { role: { name: role } } : {}),
    };
    const made = await run(body, keyFor(body));
    if (made) router.push(`/endpoints/${made.id}`);
  };
  return (
    <form onSubmit={submit} className={forms.dialog} noValidate>
      {projects.length > 1 && <ProjectChoice projects={projects} value={project.id} onChange={choose} error={said('project')} />}
      <Field
        label="Name"
        hint="It cannot be changed: kubectl and Git know the endpoint by it."
        error={(draft.name !== `${project.name}-` && nameError(draft.name, LONGEST.endpoint)) || said('name')}
      >
        <TextInput value={draft.name} onChange={(event) => set({ name: event.target.value })} placeholder={`${project.name}-main`} autoComplete="off" autoCapitalize="off" spellCheck={false} />
      </Field>
      <SizeFields value={draft} onChange={set} errors={{ cpu: said('compute.cpu'), memory: said('compute.memory'), storage: said('storage.size'), ...errors }} />
      <NetworkChoice value={access} onChange={setAccess} network={project.network} errors={[said('access.allowedCidrs')].filter((message) => message !== undefined)} />
      <details className={forms.more}>
        <summary>Database and role</summary>
        <div className={forms.row}>
          <Field label="Database" hint="main, if left empty. It cannot be changed." error={said('database')}>
            <TextInput value={draft.database} onChange={(event) => set({ database: event.target.value.trim() })} placeholder="main" autoComplete="off" autoCapitalize="off" spellCheck={false} />
          </Field>
          <Field label="Role" hint="app, if left empty. It cannot be changed." error={said('role.name')}>
            <TextInput value={draft.role} onChange={(event) => set({ role: event.target.value.trim() })} placeholder="app" autoComplete="off" autoCapitalize="off" spellCheck={false} />
          </Field>
        </div>
      </details>
      {problem && !isNameTaken(problem) && <ErrorNote problem={problem} shownFields={SHOWN} />}
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={!isValid} pending={pending}>
          Create endpoint
        </Button>
      </DialogActions>
    </form>
  );
}

interface ProjectChoiceProps {
  projects: readonly Project[];
  value: string;
  onChange: (project: Project) => void;
  error: string | undefined;
}

function ProjectChoice({ projects, value, onChange, error }: ProjectChoiceProps) {
  const choose = (id: string) => {
    const chosen = projects.find((project) => project.id === id);
    if (chosen) onChange(chosen);
  };
  return (
    <Field label="Project" hint="It cannot be changed." error={error}>
      <SelectInput value={value} onChange={(event) => choose(event.target.value)}>
        {projects.map(({ id, name, displayName }) => (
          <option key={id} value={id}>
            {displayName ? `${displayName} (${name})` : name}
          </option>
        ))}
      </SelectInput>
    </Field>
  );
}
