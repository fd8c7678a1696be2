// The API under the console's own origin, for scripts of its pages: the person's token is added here and
// never leaves this server. Only what pages need gets through, and only for pages of this console.

import type { NextRequest } from 'next/server';
import { cookies } from 'next/headers';
import { forwarded } from '@/lib/api/origin';
import { problemResponse } from '@/lib/api/problem-response';
import { config } from '@/lib/config';
import { isSameOrigin } from '@/lib/security/same-origin';
import { currentSession } from '@/lib/session/current';
import { NO_SESSION } from '@/lib/session/session';

/** First members of paths. What begins with `auth` is called by the console's own server alone. */
const COLLECTIONS = new Set(['me', 'projects', 'endpoints', 'events', 'api-keys', 'audit-events', 'manifests']);

const REQUEST_HEADERS = ['accept', 'content-type', 'if-match', 'if-none-match', 'idempotency-key', 'last-event-id'];
const RESPONSE_HEADERS = ['content-type', 'etag', 'retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id'];

/** The largest body that the API takes. */
const LARGEST_BODY = 256 * 1024;

async function handle(request: NextRequest): Promise<Response> {
  const path = request.nextUrl.pathname.slice('/api'.length);
  if (!COLLECTIONS.has(path.split('/')[2] ?? '')) return problemResponse(404, 'not_found', 'There is no such route.');
  if (!isSameOrigin(request.method, request.headers)) {
    return problemResponse(403, 'forbidden', 'Only pages of this console may do this. Use the API with a key.');
  }
  const session = await currentSession();
  if (!session) return problemResponse(401, 'unauthenticated', 'You are signed out: sign in again.');
  if (session.accessEndsAt <= Date.now()) {
    // An idle stream is not a reason to go on with a session; anything else was to be renewed and could not be.
    return isStream(path)
      ? problemResponse(401, 'invalid_token', 'The session has rested: it goes on as soon as you do.')
      : problemResponse(503, 'unavailable', 'Your session could not be renewed: try again in a moment.', { 'retry-after': '2' });
  }
  const body = await bodyOf(request);
  if (body === 'too large') return problemResponse(413, 'payload_too_large', 'Send 256 KiB at the most.');
  try {
    return await pass(request, path, session.accessToken, body);
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    console.warn('the API could not be reached:', error instanceof Error ? error.message : error);
    return problemResponse(503, 'unavailable', 'The API does not answer: try again in a moment.', { 'retry-after': '2' });
  }
}

async function pass(request: NextRequest, path: string, accessToken: string, body: BodyInit | null): Promise<Response> {
  const query = new URLSearchParams(request.nextUrl.search);
  const headers = copy(request.headers, REQUEST_HEADERS);
  // A stream that is opened anew cannot send the header; one that the browser reconnects does, and knows better.
  const lastEventId = query.get('lastEventId');
  if (lastEventId && !headers.has('last-event-id')) headers.set('last-event-id', lastEventId);
  query.delete('lastEventId');
  headers.set('authorization', `Bearer ${accessToken}`);
  for (const [name, value] of Object.entries(forwarded(request.headers.get('x-forwarded-for')))) headers.set(name, value);
  const url = `${config().apiUrl}${path}${query.size > 0 ? `?${query}` : ''}`;
  const answer = await fetch(url, {
    method: request.method,
    headers,
    body,
    cache: 'no-store',
    redirect: 'manual',
    signal: request.signal,
  });
  // The API knows nothing of this session any more. The streams of a session that rests end in another way.
  if (answer.status === 401) (await cookies()).set(NO_SESSION);
  const passed = copy(answer.headers, RESPONSE_HEADERS);
  // "no-transform" keeps the server from collecting events in order to compress them.
  passed.set('cache-control', 'no-store, no-transform');
  const location = answer.headers.get('location');
  if (location?.startsWith('/v1/')) passed.set('location', `/api${location}`);
  return new Response(answer.body, { status: answer.status, headers: passed });
}

function isStream(path: string): boolean {
  return path.endsWith('/events');
}

function copy(from: Headers, names: string[]): Headers {
  const to = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
  return to;
}

async function bodyOf(request: NextRequest): Promise<Uint8Array<ArrayBuffer> | null | 'too large'> {
  if (!request.body) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > LARGEST_BODY) return 'too large';
    chunks.push(read.value);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

export { handle as GET, handle as POST, handle as PUT, handle as PATCH, handle as DELETE };
