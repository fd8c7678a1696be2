'use client';
// The end of an endpoint, which asks for its name.

import { useState } from 'react';
import { Button } from '@/components/button';
import { Section } from '@/components/detail/section';
import { ConfirmDialog } from '@/components/dialog';
import { useAction } from '@/components/use-action';
import { deleteEndpoint } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';

export function DeleteEndpoint({ endpoint, project }: { endpoint: Things['endpoint']; project: Things['project'] | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const { run, pending, problem, reset } = useAction(async () => {
    await deleteEndpoint(endpoint.id);
    setOpen(false);
  });
  const change = (open: boolean) => {
    if (!open) reset();
    setOpen(open);
  };
  const fate =
    project?.deletionPolicy === 'Retain'
      ? 'Its data stays on its disk, as the project says, and is reached by an administrator of the cluster only.'
      : 'Its data is deleted with it.';
  return (
    <Section title="Delete endpoint" danger description={fate}>
      <div>
        <Button kind="danger" onClick={() => setOpen(true)} disabled={endpoint.declaredByProject || Boolean(endpoint.deletingSince)}>
          {endpoint.deletingSince ? 'It is being deleted' : 'Delete endpoint'}
        </Button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onOpenChange={change}
        title={`Delete ${endpoint.name}?`}
        description={`Clients lose their connections, and the address is given up. ${fate} This cannot be undone.`}
        action="Delete endpoint"
        phrase={endpoint.name}
        pending={pending}
        problem={problem}
        onConfirm={run}
      />
    </Section>
  );
}
