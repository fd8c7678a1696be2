'use client';
// Gives an endpoint a new password, which is shown once.

import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { components } from '@/lib/api/schema';
import { resetPassword } from '@/lib/api/writes';
import type { Things } from '@/lib/live/state';
import { Button } from '../button';
import { CodeBlock } from '../code-block';
import { ConfirmDialog, Dialog, DialogActions } from '../dialog';
import forms from '../forms/forms.module.css';
import { useAction } from '../use-action';

type Made = components['schemas']['NewPassword'];

export function ResetPassword({ endpoint }: { endpoint: Things['endpoint'] }) {
  const [isAsking, setAsking] = useState(false);
  const [made, setMade] = useState<Made>();
  const { run, pending, problem, reset } = useAction(resetPassword);
  const change = (open: boolean) => {
    if (!open) reset();
    setAsking(open);
  };
  const confirm = async () => {
    const password = await run(endpoint.id);
    if (!password) return;
    setAsking(false);
    setMade(password);
  };
  return (
    <>
      <Button small onClick={() => setAsking(true)}>
        <KeyRound aria-hidden />
        Reset password
      </Button>
      <ConfirmDialog
        open={isAsking}
        onOpenChange={change}
        title={`Reset the password of ${endpoint.role.name}?`}
        description="The present password stops working within moments. Connections that are open stay open. The new one is shown once: only a verifier of it is kept."
        action="Reset password"
        pending={pending}
        problem={problem}
        onConfirm={confirm}
      />
      <Dialog
        open={made !== undefined}
        onOpenChange={(open) => !open && setMade(undefined)}
        title="The new password"
        description="This is the only time it is shown. Copy it now."
        dismissable={false}
      >
        {made && <Shown made={made} onDone={() => setMade(undefined)} />}
      </Dialog>
    </>
  );
}

function Shown({ made: { password, uri }, onDone }: { made: Made; onDone: () => void }) {
  return (
    <div className={forms.dialog}>
      <CodeBlock code={password} what="password" />
      {uri && <CodeBlock code={uri} what="connection URI" />}
      <DialogActions>
        <Button kind="primary" onClick={onDone}>
          I have stored it
        </Button>
      </DialogActions>
    </div>
  );
}
