'use client';
// Name, and what guards a project's data.

import { Section } from '@/components/detail/section';
import { Checkbox, Field, Radio, TextInput } from '@/components/field';
import { DraftForm } from '@/components/forms/draft-form';
import forms from '@/components/forms/forms.module.css';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateProject } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';

type Project = Things['project'];

const about = ({ displayName, deletionProtection, deletionPolicy }: Project) => ({
  displayName: displayName ?? '',
  deletionProtection,
  deletionPolicy,
});

export function GeneralSettings({ project }: { project: Project }) {
  const draft = useDraft(about(project));
  const { run, pending, problem, reset } = useAction(updateProject);
  const { displayName, deletionProtection, deletionPolicy } = draft.value;
  const save = async () => {
    const body = { displayName: displayName.trim() || null, deletionProtection, deletionPolicy };
    const saved = await run(project, body, about);
    if (!saved) return;
    draft.saved(about(saved));
    toast('Settings saved');
  };
  return (
    <Section title="General">
      <DraftForm draft={draft} isValid pending={pending} problem={problem} shownFields={['displayName']} onSave={save} onReset={reset}>
        <Field label="Display name" hint="For people. Programs use the name." error={fieldMessage(problem, 'displayName')} optional>
          <TextInput value={displayName} onChange={(event) => draft.set({ displayName: event.target.value })} placeholder={project.name} maxLength={128} autoComplete="off" />
        </Field>
        <Checkbox
          checked={deletionProtection}
          onChange={(event) => draft.set({ deletionProtection: event.target.checked })}
          label="Protect from deletion"
          hint="The project cannot be deleted while this is on, by nobody."
        />
        <fieldset className={forms.group}>
          <legend className={forms.legend}>When an endpoint is deleted</legend>
          <Radio
            name="deletion-policy"
            checked={deletionPolicy === 'Delete'}
            onChange={() => draft.set({ deletionPolicy: 'Delete' })}
            label="Delete its data"
            hint="The disk goes with the endpoint."
          />
          <Radio
            name="deletion-policy"
            checked={deletionPolicy === 'Retain'}
            onChange={() => draft.set({ deletionPolicy: 'Retain' })}
            label="Keep its data"
            hint="The disk stays in the project’s namespace until an administrator of the cluster removes it."
          />
        </fieldset>
      </DraftForm>
    </Section>
  );
}
