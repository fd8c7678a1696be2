'use client';
// Who may reach endpoints that have no allow-list of their own.

import { Section } from '@/components/detail/section';
import { AllowListEditor } from '@/components/forms/allow-list-editor';
import { DraftForm } from '@/components/forms/draft-form';
import { useDraft } from '@/components/forms/use-draft';
import { toast } from '@/components/toast';
import { useAction } from '@/components/use-action';
import { fieldMessage } from '@/lib/api/problem';
import { updateProject } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';
import { checkList, rangesOf } from '@/lib/network/allow-list';

type Project = Things['project'];

const about = ({ network }: Project) => network?.allowedCidrs;

const written = (project: Project) => ({ ranges: about(project) ?? [''] });

export function NetworkSettings({ project }: { project: Project }) {
  const draft = useDraft(written(project));
  const { run, pending, problem, reset } = useAction(updateProject);
  const { ranges } = draft.value;
  const isEmpty = checkList(ranges).every(({ kind }) => kind === 'empty');
  const allowedCidrs = rangesOf(ranges);
  const save = async () => {
    const saved = await run(project, { network: allowedCidrs ? { allowedCidrs } : null }, about);
    if (!saved) return;
    draft.saved(written(saved));
    toast('Allow-list saved');
  };
  return (
    <Section title="Network" description="Who may connect to endpoints of this project that have no allow-list of their own.">
      <DraftForm
        draft={draft}
        isValid={isEmpty || allowedCidrs !== undefined}
        pending={pending}
        problem={problem}
        shownFields={['network.allowedCidrs']}
        onSave={save}
        onReset={reset}
      >
        <AllowListEditor
          label="Allowed ranges"
          hint="Without any range, each endpoint needs an allow-list of its own. An empty list never means everyone."
          value={ranges}
          onChange={(next) => draft.set({ ranges: next })}
          errors={[fieldMessage(problem, 'network.allowedCidrs')].filter((message) => message !== undefined)}
        />
      </DraftForm>
    </Section>
  );
}
