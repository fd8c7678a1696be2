// Takes the person's decision about `keon login`, and sends the browser back to keon with it: with a code,
// never a key, and to a loopback address, never anywhere else.

import type { NextRequest } from 'next/server';
import { answerUrl, readCliRequest } from '@/lib/grant/cli-request';
import { answered, readDecision, seeOther } from '../../../decision';

const pageOf = (request: NextRequest): string => `/cli/authorize${request.nextUrl.search}`;

/** Where a person lands who had to sign in again after deciding: before the same decision. */
export async function GET(request: NextRequest): Promise<Response> {
  return seeOther(pageOf(request));
}

export async function POST(request: NextRequest): Promise<Response> {
  const page = pageOf(request);
  const { request: asked } = readCliRequest(request.nextUrl.searchParams);
  // The page says what is wrong with it.
  if (!asked) return seeOther(page);
  const decision = await readDecision(request, page);
  if (decision instanceof Response) return decision;
  if (!decision.agrees) return seeOther(answerUrl(asked, { error: 'access_denied' }));
  const { redirectUri, codeChallenge, label } = asked;
  const call = decision.api.POST('/v1/auth/cli/authorize', {
    body: { redirectUri, codeChallenge, codeChallengeMethod: 'S256', label },
  });
  const answer = await answered(call, page);
  if (answer instanceof Response) return answer;
  return answer.data ? seeOther(answerUrl(asked, { code: answer.data.code })) : seeOther(page);
}
