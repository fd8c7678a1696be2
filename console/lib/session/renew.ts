// The one place where tokens are renewed. A refresh token is good once, so requests that come with the
// same one, from parallel tabs, share one renewal and its result.

import 'server-only';
import { anonymousApi } from '@/lib/api/origin';
import { sessionFrom, type Session } from './session';

export type Renewal =
  | { outcome: 'renewed'; session: Session }
  /** The API does not take the refresh token any more. */
  | { outcome: 'ended' }
  /** The API could not be asked. The session may well go on later. */
  | { outcome: 'unavailable' };

/** Asks the API to swap a refresh token. */
export type Swap = (refreshToken: string, forwardedFor: string | null) => Promise<Renewal>;

/**
 * How long a result is kept for requests that still carry the old cookie. The new one comes with an
 * answer, and an answer may take 30 seconds to begin; a request that was sent meanwhile takes as long again.
 */
const KEEP = 60_000;

/** Renewals by refresh token, each shared by all who come with it. */
export class Renewals {
  private readonly running = new Map<string, Promise<Renewal>>();

  constructor(private readonly swap: Swap) {}

  async renew(session: Session, forwardedFor: string | null): Promise<Renewal> {
    const token = session.refreshToken;
    const known = this.running.get(token);
    if (known) return known;
    const renewal = this.swap(token, forwardedFor);
    this.running.set(token, renewal);
    const { outcome } = await renewal;
    if (outcome === 'unavailable') this.running.delete(token);
    else setTimeout(() => this.running.delete(token), KEEP).unref();
    return renewal;
  }
}

async function swap(refreshToken: string, forwardedFor: string | null): Promise<Renewal> {
  try {
    const { data, response } = await anonymousApi(forwardedFor).POST('/v1/auth/refresh', { body: { refreshToken } });
    if (data) return { outcome: 'renewed', session: sessionFrom(data) };
    if (response.status === 400 || response.status === 401) return { outcome: 'ended' };
    console.warn(`the API answered ${response.status} to a renewal`);
  } catch (error) {
    console.warn('the API could not be reached for a renewal:', error instanceof Error ? error.message : error);
  }
  return { outcome: 'unavailable' };
}

const renewals = new Renewals(swap);

/** Swaps the session's tokens for the next pair. */
export function renew(session: Session, forwardedFor: string | null): Promise<Renewal> {
  return renewals.renew(session, forwardedFor);
}
