// Keeps a session alive: pages call it while the person is active. The renewal itself is done in proxy.ts,
// before this is reached.

import type { NextRequest } from 'next/server';
import { problemResponse } from '@/lib/api/problem-response';
import { isSameOrigin } from '@/lib/security/same-origin';
import { currentSession } from '@/lib/session/current';

export async function POST(request: NextRequest): Promise<Response> {
  if (!isSameOrigin(request.method, request.headers)) {
    return problemResponse(403, 'forbidden', 'Only pages of this console may do this.');
  }
  if (!(await currentSession())) return problemResponse(401, 'unauthenticated', 'The session is over: sign in again.');
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
}
