'use client';
// The list of API keys.

import { Ellipsis } from 'lucide-react';
import { IconButton } from '@/components/button';
import { Menu, MenuItem } from '@/components/menu';
import { Status, type Tone } from '@/components/status';
import { Cell, Table } from '@/components/table';
import { Time } from '@/components/time';
import type { ApiKey } from '@/lib/account/keys';
import styles from './api-keys.module.css';

interface KeyTableProps {
  keys: ApiKey[];
  onRename: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
}

const COLUMNS = ['Label', 'State', 'Prefix', 'Scopes', 'Project', 'Created', 'Last used', 'Expires', ''] as const;

const STATES: Record<ApiKey['state'], [Tone, string]> = {
  Active: ['good', 'Active'],
  Expired: ['idle', 'Expired'],
  Revoked: ['bad', 'Revoked'],
  LookupIdTaken: ['bad', 'Prefix taken'],
};

export function KeyTable({ keys, onRename, onRevoke }: KeyTableProps) {
  return (
    <Table caption="API keys" columns={COLUMNS}>
      {keys.map((key) => {
        const [tone, word] = STATES[key.state];
        return (
          <tr key={key.id}>
            <Cell head>
              <bdi className={styles.label} title={key.label}>
                {key.label}
              </bdi>
              {key.managedBy === 'kubernetes' && (
                <span className={styles.git} title="Applied with kubectl or from a Git repository">
                  Git
                </span>
              )}
            </Cell>
            <Cell>
              <Status tone={tone}>{word}</Status>
            </Cell>
            <Cell soft>
              <code>{key.prefix}</code>
            </Cell>
            <Cell soft>{key.scopes.join(', ') || 'none'}</Cell>
            <Cell soft>{key.project?.name ?? 'All'}</Cell>
            <Cell soft>
              <Time at={key.createdAt} />
            </Cell>
            <Cell soft>{key.lastUsedAt ? <Time at={key.lastUsedAt} /> : 'Never'}</Cell>
            <Cell soft>{key.expiresAt ? <Time at={key.expiresAt} /> : 'Never'}</Cell>
            <Cell actions>
              <Actions apiKey={key} onRename={onRename} onRevoke={onRevoke} />
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

function Actions({ apiKey, onRename, onRevoke }: Omit<KeyTableProps, 'keys'> & { apiKey: ApiKey }) {
  // The label of a key from Git is written there. One that is revoked there stays until it is deleted there.
  const isFromGit = apiKey.managedBy === 'kubernetes';
  if (isFromGit && apiKey.state === 'Revoked') return null;
  return (
    <Menu
      trigger={
        <IconButton small label={`Actions for ${apiKey.label}`}>
          <Ellipsis aria-hidden />
        </IconButton>
      }
    >
      {!isFromGit && <MenuItem onSelect={() => onRename(apiKey)}>Rename…</MenuItem>}
      <MenuItem danger onSelect={() => onRevoke(apiKey)}>
        Revoke…
      </MenuItem>
    </Menu>
  );
}
