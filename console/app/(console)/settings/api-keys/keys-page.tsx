'use client';
// The page of API keys: the list, and the dialogs that change it.

import { KeyRound } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState, type ReactNode } from 'react';
import { Button } from '@/components/button';
import { EmptyState } from '@/components/empty-state';
import { PageHeader } from '@/components/page-header';
import { toast } from '@/components/toast';
import { madeWith, type ApiKey } from '@/lib/account/keys';
import { KeyTable } from './key-table';
import { NewKey, type ProjectChoice } from './new-key';
import { RenameKey } from './rename-key';
import { RevokeKey } from './revoke-key';

interface KeysPageProps {
  keys: ApiKey[];
  projects: ProjectChoice[];
  /** Where people's own tools reach the API. */
  apiUrl: string;
  /** One sentence about keys. */
  children: ReactNode;
}

type Open = { what: 'new' } | { what: 'rename' | 'revoke'; key: ApiKey };

export function KeysPage({ keys, projects, apiUrl, children }: KeysPageProps) {
  const router = useRouter();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const done = (note: string) => {
    close();
    toast(note);
    router.refresh();
  };
  const create = (
    <Button kind="primary" onClick={() => setOpen({ what: 'new' })}>
      Create API key
    </Button>
  );
  return (
    <>
      <PageHeader title="API keys" description={children} actions={keys.length > 0 && create} />
      {keys.length > 0 ? (
        <KeyTable keys={keys} onRename={(key) => setOpen({ what: 'rename', key })} onRevoke={(key) => setOpen({ what: 'revoke', key })} />
      ) : (
        <NoKeys create={create} />
      )}
      {open?.what === 'new' && <NewKey projects={projects} apiUrl={apiUrl} onMade={() => router.refresh()} onClose={close} />}
      {open?.what === 'rename' && <RenameKey apiKey={open.key} onDone={() => done('Key renamed')} onClose={close} />}
      {open?.what === 'revoke' && (
        <RevokeKey apiKey={open.key} others={madeWith(open.key, keys)} onDone={() => done('Key revoked')} onClose={close} />
      )}
    </>
  );
}

function NoKeys({ create }: { create: ReactNode }) {
  return (
    <EmptyState icon={<KeyRound />} title="No API keys yet" actions={create}>
      <p>
        A key lets a program act for you until you revoke it. On your own computer <code>keon login</code> makes one by itself; make one here for CI,
        a script or curl.
      </p>
    </EmptyState>
  );
}
