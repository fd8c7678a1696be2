'use client';
// One of several clients to choose.

import { Tabs } from 'radix-ui';
import { useSyncExternalStore, type ReactNode } from 'react';
import type { Client } from '@/lib/connection/snippets';
import styles from './client-tabs.module.css';

interface ClientTabsProps {
  clients: readonly Client[];
  panel: (client: Client) => ReactNode;
}

const never = () => () => undefined;

export function ClientTabs({ clients, panel }: ClientTabsProps) {
  // The primitive writes style attributes, which the Content-Security-Policy refuses in what the server sends and
  // takes from scripts. Until those run, the place is kept.
  const isClient = useSyncExternalStore(never, () => true, () => false);
  if (!isClient) return <div className={styles.kept} aria-busy />;
  return (
    <Tabs.Root defaultValue={clients[0]?.id} className={styles.tabs}>
      <Tabs.List className={styles.list} aria-label="Client">
        {clients.map(({ id, name }) => (
          <Tabs.Trigger key={id} value={id} className={styles.tab}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {clients.map((client) => (
        <Tabs.Content key={client.id} value={client.id} className={styles.panel} tabIndex={-1}>
          {panel(client)}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
