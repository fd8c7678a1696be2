'use client';
// How to connect, for each client. The password is asked for when the person wants it, is kept only while it is
// shown, and is never part of what the page was served with. Each asking is recorded.

import { Download, Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import type { components } from '@/lib/api/schema';
import { readConnection } from '@/lib/api/writes';
import { CLIENTS, type Client, type Target } from '@/lib/connection/snippets';
import type { Things } from '@/lib/live/state';
import { Button } from '../button';
import { CodeBlock } from '../code-block';
import { CopyButton } from '../copy-button';
import { saveAs } from '../detail/save-as';
import { Section } from '../detail/section';
import { ErrorNote } from '../error-note';
import { useAction } from '../use-action';
import { ClientTabs } from './client-tabs';
import styles from './connection-panel.module.css';
import { ResetPassword } from './reset-password';

type Connection = components['schemas']['ConnectionView'];
type Endpoint = Things['endpoint'];

const HIDDEN = '••••••••••••';
/** Goes through every encoding unchanged. */
const MARKER = 'hidden-password';
/** Where nobody can show the password. */
const STAND_IN = 'PASSWORD';

export function ConnectionPanel({ endpoint }: { endpoint: Endpoint }) {
  const { host, port } = endpoint;
  const actions = !endpoint.deletingSince && <ResetPassword endpoint={endpoint} />;
  return (
    <Section title="Connect" description="Always over TLS, with the server’s certificate checked against the endpoint’s own authority." actions={actions}>
      {host && port ? (
        <OpenPanel
          // What was read before the password was reset is of no use any more.
          key={endpoint.role.passwordSource}
          endpoint={endpoint}
          target={{ host, port, database: endpoint.database, username: endpoint.role.name, caFile: `${endpoint.name}-ca.crt` }}
        />
      ) : (
        <p className={styles.soft}>It has no address yet: one is opened once its isolation is verified. What a client needs appears here by itself.</p>
      )}
    </Section>
  );
}

function OpenPanel({ endpoint, target }: { endpoint: Endpoint; target: Target }) {
  const { id, role } = endpoint;
  const [connection, setConnection] = useState<Connection>();
  const { run, pending, problem } = useAction(readConnection);
  const isKept = role.passwordSource === 'operator';
  const show = async () => setConnection(await run(id));
  const read = async () => {
    const found = connection ?? (await run(id));
    if (!found) throw new Error('the connection could not be read');
    return found;
  };
  const download = async () => {
    const found = connection ?? (await run(id));
    if (found) saveAs(target.caFile, found.caCertificate, 'application/x-pem-file');
  };
  return (
    <>
      <div className={styles.bar}>
        {isKept && (
          <Button small onClick={connection ? () => setConnection(undefined) : show} pending={pending}>
            {!pending && (connection ? <EyeOff aria-hidden /> : <Eye aria-hidden />)}
            {connection ? 'Hide password' : 'Show password'}
          </Button>
        )}
        {isKept && <CopyButton text={async () => (await read()).password ?? ''} what="password" labelled />}
        <Button small onClick={download}>
          <Download aria-hidden />
          Download CA certificate
        </Button>
      </div>
      {problem && <ErrorNote problem={problem} />}
      {!isKept && <PasswordNote source={role.passwordSource} />}
      <ClientTabs
        clients={CLIENTS}
        panel={(client) => (
          <Snippet client={client} target={target} isKept={isKept} password={connection?.password ?? undefined} read={async () => (await read()).password ?? STAND_IN} />
        )}
      />
      <p className={styles.soft}>
        Put <code>{target.caFile}</code> beside your program first. Only the addresses on the allow-list get an answer.
      </p>
    </>
  );
}

interface SnippetProps {
  client: Client;
  target: Target;
  isKept: boolean;
  password: string | undefined;
  read: () => Promise<string>;
}

function Snippet({ client, target, isKept, password, read }: SnippetProps) {
  const what = `${client.name} connection`;
  const shown = client.code(target, MARKER).replaceAll(MARKER, HIDDEN);
  return (
    <div className={styles.snippet}>
      {password !== undefined || !isKept ? (
        <CodeBlock code={client.code(target, password ?? STAND_IN)} what={what} />
      ) : (
        <CodeBlock code={async () => client.code(target, await read())} shown={shown} what={`${what}, with its password`} />
      )}
      <p className={styles.soft}>{client.note}</p>
    </div>
  );
}

function PasswordNote({ source }: { source: Endpoint['role']['passwordSource'] }) {
  return (
    <p className={styles.soft}>
      {source === 'secret'
        ? 'The password is in a Secret of your namespace, where you have put it.'
        : 'Only a verifier of the password is kept, so nobody can show it.'}{' '}
      Write it in place of <code>{STAND_IN}</code>.
    </p>
  );
}
