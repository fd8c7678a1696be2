'use client';
// Who may reach an endpoint: the project's allow-list, or one of its own.

import { accessDraft, accessOf, NetworkChoice } from '@/components/create/network-choice';
import { Section } from '@/components/detail/section';
import { DraftForm } from '@/components/forms/draft-form';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateEndpoint } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';

type Endpoint = Things['endpoint'];

const about = ({ access }: Endpoint) => access;

export function AccessSettings({ endpoint, project }: { endpoint: Endpoint; project: Things['project'] | undefined }) {
  const network = project?.network;
  const draft = useDraft(accessDraft(endpoint.access, network));
  const { run, pending, problem, reset } = useAction(updateEndpoint);
  const access = accessOf(draft.value);
  const save = async () => {
    if (access === undefined) return;
    const saved = await run(endpoint, { access }, about);
    if (!saved) return;
    draft.saved(accessDraft(saved.access, network));
    toast('Allow-list saved: the picture shows when it is in force');
  };
  return (
    <Section title="Allow-list" description="Who may open a connection. A change is in force within moments, without a restart.">
      <DraftForm
        draft={draft}
        isValid={access !== undefined}
        pending={pending}
        problem={problem}
        shownFields={['access.allowedCidrs']}
        onSave={save}
        onReset={reset}
      >
        <NetworkChoice
          value={draft.value}
          onChange={draft.set}
          network={network}
          errors={[fieldMessage(problem, 'access.allowedCidrs')].filter((message) => message !== undefined)}
        />
      </DraftForm>
    </Section>
  );
}
