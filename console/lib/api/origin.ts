// How this server calls the API: where it is, on whose behalf, and for how long it waits.

import 'server-only';
import createClient from 'openapi-fetch';
import { config } from '@/lib/config';
import type { paths } from './schema';

/** The API promises that an answer begins within 30 seconds. */
const PATIENCE = 35_000;

/** A client for routes that need no credential. The person's address goes along: the API counts by it. */
export function anonymousApi(forwardedFor: string | null) {
  return createClient<paths>({ baseUrl: config().apiUrl, headers: forwarded(forwardedFor), fetch: patiently });
}

/** A client that acts for the person whose access token this is. */
export function apiFor(accessToken: string, forwardedFor: string | null) {
  const headers = { ...forwarded(forwardedFor), authorization: `Bearer ${accessToken}` };
  return createClient<paths>({ baseUrl: config().apiUrl, headers, fetch: patiently });
}

/** The person's address, with what makes the API believe it. */
export function forwarded(forwardedFor: string | null): Record<string, string> {
  const { apiSecret } = config();
  if (!forwardedFor || !apiSecret) return {};
  return { 'x-forwarded-for': forwardedFor, 'kisenon-console-secret': apiSecret };
}

function patiently(request: Request): Promise<Response> {
  return fetch(request, { cache: 'no-store', redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
}
