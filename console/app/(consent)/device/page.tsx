// A machine without a browser asks here for a key (RFC 8628): the person types the code that it shows, or
// compares the one in the address with it, and decides.

import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Button } from '@/components/button';
import { Field, TextInput } from '@/components/field';
import { Time } from '@/components/time';
import type { components } from '@/lib/api/schema';
import { api } from '@/lib/api/server';
import { readUserCode } from '@/lib/grant/user-code';
import { signInPath } from '@/lib/security/return-path';
import { currentSession } from '@/lib/session/current';
import { Consent } from '../consent';
import styles from '../consent.module.css';
import { refusalWords } from '../refusals';

type DeviceRequest = components['schemas']['DeviceRequestView'];

export const metadata: Metadata = { title: 'Connect a machine' };

export default async function DevicePage({ searchParams }: PageProps<'/device'>) {
  const { user_code: typed, refusal } = await searchParams;
  if (typeof typed !== 'string' || typed === '') return <AskForCode />;
  const code = readUserCode(typed);
  if (!code) return <AskForCode typed={typed} error="This is not a code. It has eight letters, as in BCDF-GHJK." />;
  const session = await currentSession();
  const answer = session ? await lookUp(code) : 'signed out';
  if (!session || answer === 'signed out') redirect(signInPath(`/device?user_code=${code}`));
  if (!answer.found) return <AskForCode typed={code} error={answer.error} />;
  return <Decide found={answer.found} account={session.email} problem={refusalWords(refusal)} />;
}

function AskForCode({ typed, error }: { typed?: string; error?: string | undefined }) {
  return (
    <section className={styles.card}>
      <h1>Connect a machine</h1>
      <p className={styles.text}>
        Type the code that keon shows on the machine. You then see what asks for a key, and decide.
      </p>
      <form action="/device" method="get" className={styles.ask}>
        <Field label="Code" error={error}>
          <TextInput
            name="user_code"
            defaultValue={typed}
            placeholder="BCDF-GHJK"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={16}
            required
          />
        </Field>
        <Button kind="primary" type="submit">
          Continue
        </Button>
      </form>
    </section>
  );
}

interface DecideProps {
  found: DeviceRequest;
  account: string;
  problem: string | undefined;
}

function Decide({ found, account, problem }: DecideProps) {
  return (
    <Consent
      title="Is this your machine’s code?"
      action={`/device/decision?${new URLSearchParams({ user_code: found.userCode })}`}
      account={account}
      facts={[
        ['Code', <span key="code" className={styles.code}>{found.userCode}</span>],
        ['Key label', <bdi key="label">{found.label}</bdi>],
        ['Asked', <Time key="asked" at={found.requestedAt} />],
        ['It may', 'do all that you may with your projects, until it is revoked'],
      ]}
      warning="Approve only if a machine of yours shows this very code now, and you have started the sign-in there yourself. Nobody else has a reason to send you one."
      agree="Approve"
      refuse="Deny"
      problem={problem}
    >
      <p>A machine wants an API key of yours. Compare the code with the one that it shows.</p>
    </Consent>
  );
}

async function lookUp(code: string): Promise<{ found?: DeviceRequest; error?: string | undefined } | 'signed out'> {
  const client = await api();
  try {
    const { data, error, response } = await client.GET('/v1/auth/device/{user_code}', { params: { path: { user_code: code } } });
    if (data) return { found: data };
    return response.status === 401 ? 'signed out' : { error: refusalWords(error?.code) };
  } catch {
    return { error: refusalWords('unavailable') };
  }
}
