// The API for server components: acts for the person who asked for the page.

import 'server-only';
import { headers } from 'next/headers';
import { notFound, redirect } from 'next/navigation';
import { cache } from 'react';
import { currentSession } from '@/lib/session/current';
import { signInPath } from '@/lib/security/return-path';
import { apiFor } from './origin';
import { PATH_HEADER } from './path-header';
import { asProblem, type Problem } from './problem';

/** A client with the person's access token. Who is not signed in is sent to sign-in. */
export const api = cache(async () => {
  const session = await currentSession();
  if (!session) return toSignIn();
  return apiFor(session.accessToken, (await headers()).get('x-forwarded-for'));
});

export type Loaded<T> = { data: T; problem?: undefined } | { data?: undefined; problem: Problem };

/**
 * What a page shows: the data, or the problem in its place. A session that the API does not know any more
 * leads to sign-in, and what is not there to the page that says so.
 */
export async function load<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Loaded<T>> {
  const { data, error, response } = await call.catch((cause: unknown) => ({ data: undefined, error: cause, response: null }));
  if (response?.status === 401) return toSignIn();
  if (response?.status === 404) notFound();
  return data === undefined ? { problem: asProblem(error) } : { data };
}

async function toSignIn(): Promise<never> {
  redirect(signInPath((await headers()).get(PATH_HEADER) ?? '/'));
}
