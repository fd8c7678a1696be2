'use client';
// Processor, memory and disk of an endpoint.

import { sizeErrors, SizeFields, type Sizes } from '@/components/create/size-fields';
import { Section } from '@/components/detail/section';
import { DraftForm } from '@/components/forms/draft-form';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateEndpoint } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';

type Endpoint = Things['endpoint'];

const FIELDS: Record<keyof Sizes, string> = { cpu: 'compute.cpu', memory: 'compute.memory', storage: 'storage.size' };

const about = ({ compute, storage }: Endpoint): Sizes => ({ cpu: compute.cpu, memory: compute.memory, storage: storage.size });

export function SizeSettings({ endpoint }: { endpoint: Endpoint }) {
  const draft = useDraft(about(endpoint));
  const { run, pending, problem, reset } = useAction(updateEndpoint);
  const wrong = sizeErrors(draft.value, endpoint.storage.size);
  const errorOf = (part: keyof Sizes) => wrong[part] ?? fieldMessage(problem, FIELDS[part]);
  const save = async () => {
    const { cpu, memory, storage } = draft.value;
    const body = { compute: { cpu: cpu.trim(), memory: memory.trim() }, storage: { size: storage.trim() } };
    const saved = await run(endpoint, body, about);
    if (!saved) return;
    draft.saved(about(saved));
    toast('Size saved: the server takes it up now');
  };
  return (
    <Section title="Size" description="Another processor or memory restarts the server. Its address stays.">
      <DraftForm
        draft={draft}
        isValid={Object.keys(wrong).length === 0}
        pending={pending}
        problem={problem}
        shownFields={Object.values(FIELDS)}
        onSave={save}
        onReset={reset}
        action="Resize"
      >
        <SizeFields value={draft.value} onChange={draft.set} errors={{ cpu: errorOf('cpu'), memory: errorOf('memory'), storage: errorOf('storage') }} />
      </DraftForm>
    </Section>
  );
}
