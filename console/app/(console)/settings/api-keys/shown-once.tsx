'use client';
// A key that was just made. It lives in this component alone, and goes with it.

import { Button } from '@/components/button';
import { CodeBlock } from '@/components/code-block';
import { DialogActions } from '@/components/dialog';
import forms from '@/components/forms/forms.module.css';
import type { components } from '@/lib/api/schema';
import styles from './api-keys.module.css';

interface ShownOnceProps {
  made: components['schemas']['CreatedApiKey'];
  apiUrl: string;
  onClose: () => void;
}

export function ShownOnce({ made, apiUrl, onClose }: ShownOnceProps) {
  return (
    <div className={forms.dialog}>
      <CodeBlock code={made.key} what="key" />
      <div className={styles.words}>
        <p>
          Put it where your program finds it as <code>KISENON_API_KEY</code>: the secrets of your CI, or a password manager. keon reads that variable
          too.
        </p>
        <CodeBlock code={`curl --oauth2-bearer "$KISENON_API_KEY" ${apiUrl}/v1/projects`} what="curl command" />
        <CodeBlock code={`KISENON_API_URL=${apiUrl} keon whoami`} what="keon command" />
        <p className={styles.hint}>
          In a shell of your own, <code>read -rs KISENON_API_KEY && export KISENON_API_KEY</code> takes it without keeping it in the history.
        </p>
      </div>
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </div>
  );
}
