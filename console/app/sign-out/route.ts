// Signing out: the session ends at the API, on every replica, and in the browser. API keys stay.

import { cookies } from 'next/headers';
import type { NextRequest } from 'next/server';
import { apiFor } from '@/lib/api/origin';
import { problemResponse } from '@/lib/api/problem-response';
import { isSameOrigin } from '@/lib/security/same-origin';
import { currentSession } from '@/lib/session/current';
import { NO_SESSION } from '@/lib/session/session';

export async function POST(request: NextRequest): Promise<Response> {
  if (!isSameOrigin(request.method, request.headers)) {
    return problemResponse(403, 'forbidden', 'Only pages of this console may sign you out.');
  }
  const session = await currentSession();
  const isOver = session ? await signOut(session.accessToken, request.headers.get('x-forwarded-for')) : true;
  (await cookies()).set(NO_SESSION);
  const location = isOver ? '/' : '/?signed-out=here';
  // 303: what follows is a GET, whatever this was.
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
}

/** Whether the session is over at the API too. */
async function signOut(accessToken: string, forwardedFor: string | null): Promise<boolean> {
  try {
    const { response } = await apiFor(accessToken, forwardedFor).POST('/v1/auth/signout');
    return response.status === 204 || response.status === 401;
  } catch (error) {
    console.warn('the API could not be reached to sign out:', error instanceof Error ? error.message : error);
    return false;
  }
}
