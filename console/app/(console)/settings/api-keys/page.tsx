// The API keys of the tenant: made, renamed and revoked.

import type { Metadata } from 'next';
import Link from 'next/link';
import { ErrorNote } from '@/components/error-note';
import type { ApiKey } from '@/lib/account/keys';
import { publicApiUrl } from '@/lib/api/public-url';
import { api, load, type Loaded } from '@/lib/api/server';
import { currentSession } from '@/lib/session/current';
import { KeysPage } from './keys-page';

export const metadata: Metadata = { title: 'API keys' };

export default async function ApiKeysPage() {
  const session = await currentSession();
  const [keys, projects] = await Promise.all([
    allKeys(),
    load((await api()).GET('/v1/projects', { params: { query: { limit: 200 } } })),
  ]);
  const problem = keys.problem ?? projects.problem;
  if (problem || !session) return problem && <ErrorNote problem={problem} />;
  return (
    <KeysPage
      keys={keys.data ?? []}
      projects={(projects.data?.items ?? []).map(({ name, displayName }) => ({ name, title: displayName || name }))}
      apiUrl={publicApiUrl(session.accessToken)}
    >
      One key drives keon, CI jobs and curl alike. <Link href="/docs/auth#api-keys">How keys work</Link>
    </KeysPage>
  );
}

/** All of them: which keys one has made is only known from the whole list. */
async function allKeys(): Promise<Loaded<ApiKey[]>> {
  const keys: ApiKey[] = [];
  let cursor: string | undefined;
  do {
    const page = await load((await api()).GET('/v1/api-keys', { params: { query: { limit: 200, cursor } } }));
    if (page.problem) return page;
    keys.push(...page.data.items);
    cursor = page.data.nextCursor ?? undefined;
  } while (cursor);
  return { data: keys };
}
