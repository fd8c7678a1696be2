'use client';
// The end of a project, which asks for its name.

import { useState } from 'react';
import { Button } from '@/components/button';
import { Section } from '@/components/detail/section';
import { ConfirmDialog } from '@/components/dialog';
import { useAction } from '@/components/use-action';
import { deleteProject } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';

export function DeleteProject({ project, endpoints }: { project: Things['project']; endpoints: readonly Things['endpoint'][] }) {
  const [isOpen, setOpen] = useState(false);
  const { run, pending, problem, reset } = useAction(async () => {
    await deleteProject(project.id);
    setOpen(false);
  });
  const change = (open: boolean) => {
    if (!open) reset();
    setOpen(open);
  };
  const names = endpoints.map(({ name }) => name).join(', ');
  return (
    <Section title="Delete project" danger description={project.deletionProtection ? 'It is protected: switch the protection off above first.' : 'Its endpoints are deleted with it.'}>
      <div>
        <Button kind="danger" onClick={() => setOpen(true)} disabled={project.deletionProtection || Boolean(project.deletingSince)}>
          {project.deletingSince ? 'It is being deleted' : 'Delete project'}
        </Button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onOpenChange={change}
        title={`Delete ${project.name}?`}
        description={
          <>
            {endpoints.length > 0 && <p>Its endpoints go with it, and their addresses: {names}.</p>}
            <p>
              {project.deletionPolicy === 'Retain'
                ? 'Their data stays on its disks, as the project says, and is reached by an administrator of the cluster only.'
                : 'Their data is deleted. This cannot be undone.'}
            </p>
          </>
        }
        action="Delete project"
        phrase={project.name}
        pending={pending}
        problem={problem}
        onConfirm={run}
      />
    </Section>
  );
}
