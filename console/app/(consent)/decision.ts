// What the routes that take a person's decision have in common: who may send one, and how they answer.

import 'server-only';
import { cookies } from 'next/headers';
import type { NextRequest } from 'next/server';
import { apiFor } from '@/lib/api/origin';
import { problemResponse } from '@/lib/api/problem-response';
import { isSameOrigin } from '@/lib/security/same-origin';
import { signInPath } from '@/lib/security/return-path';
import { currentSession } from '@/lib/session/current';
import { NO_SESSION } from '@/lib/session/session';

export interface Decision {
  agrees: boolean;
  /** The API, for the person who has decided. */
  api: ReturnType<typeof apiFor>;
}

/** Reads a decision that was made on `page`; where there is none that counts, how to answer instead. */
export async function readDecision(request: NextRequest, page: string): Promise<Decision | Response> {
  if (!isSameOrigin(request.method, request.headers)) {
    return problemResponse(403, 'forbidden', 'Only the pages of this console may decide this.');
  }
  const session = await currentSession();
  if (!session) return seeOther(signInPath(page));
  const form = await request.formData().catch(() => new FormData());
  const decision = form.get('decision');
  if (decision !== 'agree' && decision !== 'refuse') return seeOther(page);
  if (form.get('account') !== session.email) return seeOther(withRefusal(page, 'account_changed'));
  return { agrees: decision === 'agree', api: apiFor(session.accessToken, request.headers.get('x-forwarded-for')) };
}

type Answer<T> = { data?: T; error?: { code?: string }; response: Response };

/** What the API has answered, or the answer to the browser where it has refused. */
export async function answered<T>(call: Promise<Answer<T>>, page: string): Promise<{ data: T | undefined } | Response> {
  try {
    const { data, error, response } = await call;
    if (response.ok) return { data };
    if (response.status === 401) {
      (await cookies()).set(NO_SESSION);
      return seeOther(signInPath(page));
    }
    return seeOther(withRefusal(page, error?.code ?? 'unavailable'));
  } catch (error) {
    console.warn('the API could not be reached for a decision:', error instanceof Error ? error.message : error);
    return seeOther(withRefusal(page, 'unavailable'));
  }
}

function withRefusal(page: string, kind: string): string {
  return `${page}${page.includes('?') ? '&' : '?'}${new URLSearchParams({ refusal: kind })}`;
}

/** 303: what follows is a GET, and nothing of the form goes along (C7). */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
}
