// next-auth's routes, as far as the console uses them. The session is read and ended by routes of our own.

import NextAuth from 'next-auth';
import type { NextRequest } from 'next/server';
import { authOptions } from '@/lib/auth';
import { problemResponse } from '@/lib/api/problem-response';

const ACTIONS = new Set(['providers', 'csrf', 'signin', 'callback', 'error']);

async function handle(request: NextRequest, context: RouteContext<'/api/auth/[...nextauth]'>): Promise<Response> {
  const [action] = (await context.params).nextauth;
  if (!action || !ACTIONS.has(action)) return problemResponse(404, 'not_found', 'There is no such route.');
  const response: Response = await NextAuth(request, context, authOptions());
  response.headers.set('cache-control', 'no-store');
  return response;
}

export { handle as GET, handle as POST };
