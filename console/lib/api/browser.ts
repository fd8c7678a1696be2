// The API for scripts of pages: through the console's own origin, which adds the credential. No token is here.

import createClient from 'openapi-fetch';
import { signInPath } from '@/lib/security/return-path';
import { ApiProblem, asProblem } from './problem';
import type { paths } from './schema';

/** Paths are the API's own: `browserApi.GET('/v1/projects')`. */
export const browserApi = createClient<paths>({ baseUrl: '/api' });

browserApi.use({
  onResponse: ({ response }) => {
    if (response.status === 401) goToSignIn();
  },
});

/** Leaves for sign-in, which comes back to this very page. */
export function goToSignIn(): void {
  const { pathname, search, hash } = window.location;
  window.location.assign(signInPath(pathname + search + hash));
}

/** The data of an answer; a refusal is thrown as an `ApiProblem`. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call.catch((cause: unknown) => ({ data: undefined, error: cause ?? 'unreachable' }));
  if (error !== undefined) throw new ApiProblem(asProblem(error));
  return data as T;
}
