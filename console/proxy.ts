// Stands before every page and route: renews the session where that is due, sends who is not signed in to
// sign-in, and sets the headers that differ from answer to answer. Pages check the session again themselves.

import { NextResponse, type NextRequest } from 'next/server';
import { PATH_HEADER } from '@/lib/api/path-header';
import { config as settings } from '@/lib/config';
import { contentSecurityPolicy, NO_CONTENT_POLICY } from '@/lib/security/content-security-policy';
import { signInPath } from '@/lib/security/return-path';
import { renew } from '@/lib/session/renew';
import { cookieOf, NO_SESSION, open, SESSION_COOKIE, type Session, type SessionCookie } from '@/lib/session/session';

export const config = { matcher: '/((?!_next/static/|_next/image|healthz$|icon.svg$|.well-known/).*)' };

/** Pages that are for people who have signed in. */
const PRIVATE = /^\/(projects|endpoints|settings|activity|device|cli)(\/|$)/;

/** Streams are opened again by the browser, not by the person, so they keep no session alive. */
const STREAM = /^\/api\/v1\/(.+\/)?events$/;

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname, search } = request.nextUrl;
  const { session, cookie } = await renewed(request);
  const response = PRIVATE.test(pathname) && !session ? toSignIn(pathname + search) : passOn(request, cookie);
  if (cookie) response.cookies.set(cookie);
  return response;
}

function toSignIn(path: string): NextResponse {
  const response = NextResponse.redirect(new URL(signInPath(path), settings().consoleUrl), 303);
  // Otherwise the back button takes it from the browser's cache, long after the person has signed in.
  response.headers.set('cache-control', 'no-store');
  return response;
}

interface Renewed {
  session: Session | undefined;
  /** What the browser is to keep from now on; absent: what it has. */
  cookie?: SessionCookie;
}

async function renewed(request: NextRequest): Promise<Renewed> {
  const { pathname } = request.nextUrl;
  const value = request.cookies.get(SESSION_COOKIE)?.value;
  const { secret } = settings();
  const session = await open(value, secret);
  if (!session) return value ? { session, cookie: NO_SESSION } : { session };
  if (session.renewAt > Date.now() || STREAM.test(pathname) || pathname.startsWith('/api/auth/')) return { session };
  const renewal = await renew(session, request.headers.get('x-forwarded-for'));
  if (renewal.outcome === 'unavailable') return { session };
  if (renewal.outcome === 'ended') return { session: undefined, cookie: NO_SESSION };
  return { session: renewal.session, cookie: await cookieOf(renewal.session, secret) };
}

/** Lets a request through to its page or route, which sees the session as it is now. */
function passOn(request: NextRequest, cookie: SessionCookie | undefined): NextResponse {
  const { pathname, search } = request.nextUrl;
  const headers = new Headers(request.headers);
  headers.set(PATH_HEADER, pathname + search);
  if (cookie) headers.set('cookie', cookieHeader(request, cookie));
  if (pathname.startsWith('/api/')) {
    const response = NextResponse.next({ request: { headers } });
    response.headers.set('content-security-policy', NO_CONTENT_POLICY);
    return response;
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce, request.nextUrl);
  // Next reads the nonce off this request header and puts it on its scripts.
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

function cookieHeader(request: NextRequest, changed: SessionCookie): string {
  const others = request.cookies.getAll().filter(({ name }) => name !== changed.name);
  const all = changed.value ? [...others, changed] : others;
  return all.map(({ name, value }) => `${name}=${value}`).join('; ');
}
