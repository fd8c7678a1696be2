// `keon login` asks here for a key. The person decides; nothing leaves this page by itself.

import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Notice } from '@/components/site/notice';
import { queryOf } from '@/lib/grant/query';
import { readCliRequest } from '@/lib/grant/cli-request';
import { currentSession } from '@/lib/session/current';
import { Consent } from '../../consent';
import styles from '../../consent.module.css';
import { refusalWords } from '../../refusals';

export const metadata: Metadata = { title: 'Authorize keon' };

export default async function CliAuthorizePage({ searchParams }: PageProps<'/cli/authorize'>) {
  const { refusal, ...asked } = await searchParams;
  const query = queryOf(asked);
  const { request, mistakes } = readCliRequest(query);
  if (!request) return <NoRequest mistakes={mistakes} />;
  const session = await currentSession();
  if (!session) redirect('/sign-in');
  return (
    <Consent
      title="Authorize keon?"
      action={`/cli/authorize/decision?${query}`}
      account={session.email}
      facts={[
        ['Asked by', <>keon on this computer, at <code>{request.listener}</code></>],
        ['Key label', <bdi key="label">{request.label}</bdi>],
        ['It may', 'do all that you may with your projects, until it is revoked'],
      ]}
      warning={
        <>
          Authorize only if you have just run <code>keon login</code> on this computer yourself. Otherwise cancel: somebody else would act in
          your name.
        </>
      }
      agree="Authorize"
      refuse="Cancel"
      problem={refusalWords(refusal)}
    >
      <p>The command line on this computer wants an API key of yours.</p>
    </Consent>
  );
}

function NoRequest({ mistakes }: { mistakes: string[] }) {
  return (
    <Notice title="This link does not work">
      <p>
        Only <code>keon login</code> makes links to this page, and this one is not as keon makes them. Nothing was authorized, and nothing was sent
        anywhere.
      </p>
      <ul className={styles.mistakes}>
        {mistakes.map((mistake) => (
          <li key={mistake}>{mistake}</li>
        ))}
      </ul>
      <p>
        Run <code>keon login</code> again, and copy the whole address if you open it by hand.
      </p>
    </Notice>
  );
}
