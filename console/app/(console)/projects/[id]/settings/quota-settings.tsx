'use client';
// What the endpoints of a project may use together.

import { Section } from '@/components/detail/section';
import { Field, TextInput } from '@/components/field';
import { DraftForm } from '@/components/forms/draft-form';
import forms from '@/components/forms/forms.module.css';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateProject } from '@/lib/api/writes';
import { quantityError } from '@/lib/kubernetes/quantity';
import type { Things } from '@/lib/live/state';
import { QuotaUse } from '../quota-use';

type Project = Things['project'];
type Part = 'endpoints' | 'cpu' | 'memory' | 'storage';

const PARTS: Record<Part, string> = { endpoints: 'Endpoints', cpu: 'Processor', memory: 'Memory', storage: 'Disk' };

const about = ({ quota }: Project) => quota;

const written = ({ quota }: Project): Record<Part, string> => ({ ...quota, endpoints: String(quota.endpoints) });

function partError(part: Part, text: string): string | undefined {
  switch (part) {
    case 'endpoints':
      return /^\d{1,3}$/.test(text) && Number(text) <= 100 ? undefined : 'Write 0 to 100.';
    case 'cpu':
      return quantityError(text, { least: '0', most: '1000', example: '8' });
    case 'memory':
      return quantityError(text, { least: '0', most: '4Ti', example: '16Gi' });
    case 'storage':
      return quantityError(text, { least: '0', most: '256Ti', example: '100Gi' });
  }
}

export function QuotaSettings({ project, endpoints }: { project: Project; endpoints: readonly Things['endpoint'][] }) {
  const draft = useDraft(written(project));
  const { run, pending, problem, reset } = useAction(updateProject);
  const parts = Object.keys(PARTS) as Part[];
  const isValid = parts.every((part) => !partError(part, draft.value[part].trim()));
  const save = async () => {
    const text = (part: Part) => draft.value[part].trim();
    const quota = { endpoints: Number(text('endpoints')), cpu: text('cpu'), memory: text('memory'), storage: text('storage') };
    const saved = await run(project, { quota }, about);
    if (!saved) return;
    draft.saved(written(saved));
    toast('Quota saved');
  };
  return (
    <Section title="Quota" description="A smaller quota stops nothing that runs: it refuses what would be made or enlarged next.">
      <QuotaUse project={project} endpoints={endpoints} />
      <DraftForm draft={draft} isValid={isValid} pending={pending} problem={problem} shownFields={parts.map((part) => `quota.${part}`)} onSave={save} onReset={reset}>
        <div className={forms.row}>
          {parts.map((part) => (
            <Field key={part} label={PARTS[part]} error={partError(part, draft.value[part].trim()) ?? fieldMessage(problem, `quota.${part}`)}>
              <TextInput
                value={draft.value[part]}
                onChange={(event) => draft.set({ [part]: event.target.value })}
                inputMode={part === 'endpoints' ? 'numeric' : 'text'}
                autoComplete="off"
                spellCheck={false}
              />
            </Field>
          ))}
        </div>
      </DraftForm>
    </Section>
  );
}
