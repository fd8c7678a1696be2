// The person's session as one encrypted cookie: who they are, and the API's tokens for them.
// next-auth writes it at sign-in, proxy.ts when the tokens are renewed; nothing of it is kept on this server.

import 'server-only';
import { decode, encode } from 'next-auth/jwt';
import { z } from 'zod';
import type { components } from '@/lib/api/schema';

export const SESSION_COOKIE = '__Host-kisenon-session';

/** As the API has it: no session lives longer, whatever is renewed. */
export const SESSION_SECONDS = 12 * 60 * 60;

const Session = z.object({
  name: z.string(),
  email: z.string(),
  accessToken: z.string(),
  /** From when on the access token is swapped for the next one. */
  renewAt: z.number(),
  /** When the API stops taking the access token. */
  accessEndsAt: z.number(),
  refreshToken: z.string(),
  /** When the session ends at the latest. All times are milliseconds since 1970. */
  endsAt: z.number(),
});

export type Session = z.infer<typeof Session>;

/** The session that these tokens are for, which came just now. */
export function sessionFrom(tokens: components['schemas']['SessionTokens'], now = Date.now()): Session {
  const life = tokens.expiresIn * 1000;
  return {
    name: tokens.user.name || tokens.user.email,
    email: tokens.user.email,
    accessToken: tokens.accessToken,
    renewAt: now + life / 2,
    accessEndsAt: now + life,
    refreshToken: tokens.refreshToken,
    endsAt: Date.parse(tokens.sessionExpiresAt),
  };
}

/** Seals a session into the value of its cookie. */
export async function seal(session: Session, secret: string): Promise<string> {
  return encode({ token: { ...session }, secret, maxAge: secondsLeft(session) });
}

/** Opens the value of a cookie: nothing if it is not ours, is damaged, or its session is over. */
export async function open(value: string | undefined, secret: string): Promise<Session | undefined> {
  if (!value) return undefined;
  const token = await decode({ token: value, secret }).catch(() => null);
  const parsed = Session.safeParse(token);
  return parsed.success && parsed.data.endsAt > Date.now() ? parsed.data : undefined;
}

function secondsLeft(session: Session): number {
  return Math.max(1, Math.floor((session.endsAt - Date.now()) / 1000));
}

/** Attributes of every cookie of the console: `__Host-` asks for them. */
export const COOKIE_ATTRIBUTES = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;

/** What the browser is told to keep. */
export type SessionCookie = typeof COOKIE_ATTRIBUTES & { name: string; value: string; maxAge: number };

/** The cookie that holds a session. */
export async function cookieOf(session: Session, secret: string): Promise<SessionCookie> {
  return { name: SESSION_COOKIE, value: await seal(session, secret), maxAge: secondsLeft(session), ...COOKIE_ATTRIBUTES };
}

/** The cookie that ends the session in the browser. */
export const NO_SESSION: SessionCookie = { name: SESSION_COOKIE, value: '', maxAge: 0, ...COOKIE_ATTRIBUTES };
