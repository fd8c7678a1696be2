'use client';
// Asks before a key ends, and says what else ends with it.

import { useState } from 'react';
import { ConfirmDialog } from '@/components/dialog';
import { Checkbox } from '@/components/field';
import { useAction } from '@/components/use-action';
import type { ApiKey } from '@/lib/account/keys';
import { browserApi, unwrap } from '@/lib/api/browser';
import styles from './api-keys.module.css';

interface RevokeKeyProps {
  apiKey: ApiKey;
  /** The keys that it has made. */
  others: ApiKey[];
  onDone: () => void;
  onClose: () => void;
}

export function RevokeKey({ apiKey, others, onDone, onClose }: RevokeKeyProps) {
  const [cascade, setCascade] = useState(true);
  const { run, pending, problem } = useAction(async () => {
    await unwrap(browserApi.DELETE('/v1/api-keys/{id}', { params: { path: { id: apiKey.id }, query: { cascade } } }));
    onDone();
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Revoke this API key?"
      description={
        <div className={styles.words}>
          <p>
            Whatever uses <strong><bdi>{apiKey.label}</bdi></strong> (<code>{apiKey.prefix}…</code>) is refused as soon as this is done. A revoked key
            never works again; create another in its place.
          </p>
          {apiKey.managedBy === 'kubernetes' && (
            <p>This key is kept in Kubernetes or Git. Its object stays there, marked as revoked, until you delete it where you keep it.</p>
          )}
        </div>
      }
      action="Revoke key"
      pending={pending}
      problem={problem}
      onConfirm={() => void run()}
    >
      {others.length > 0 && (
        <div className={styles.words}>
          <Checkbox
            checked={cascade}
            onChange={(event) => setCascade(event.target.checked)}
            label={`Revoke the ${others.length === 1 ? 'key' : `${others.length} keys`} made with it as well`}
            hint={cascade ? undefined : 'They go on working. If this key has leaked, they may be in the wrong hands too.'}
          />
          <ul className={styles.others} aria-label="Keys made with it" tabIndex={0}>
            {others.map(({ id, label, prefix }) => (
              <li key={id}>
                <bdi>{label}</bdi> <code>{prefix}…</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </ConfirmDialog>
  );
}
