// Takes the person's decision about a machine that waits with a code.

import type { NextRequest } from 'next/server';
import { readUserCode } from '@/lib/grant/user-code';
import { answered, readDecision, seeOther } from '../../decision';

const codeOf = (request: NextRequest): string | undefined => readUserCode(request.nextUrl.searchParams.get('user_code') ?? '');
const pageOf = (code: string | undefined): string => (code ? `/device?${new URLSearchParams({ user_code: code })}` : '/device');

/** Where a person lands who had to sign in again after deciding: before the same decision. */
export async function GET(request: NextRequest): Promise<Response> {
  return seeOther(pageOf(codeOf(request)));
}

export async function POST(request: NextRequest): Promise<Response> {
  const code = codeOf(request);
  const page = pageOf(code);
  if (!code) return seeOther(page);
  const decision = await readDecision(request, page);
  if (decision instanceof Response) return decision;
  const call = decision.api.POST('/v1/auth/device/approve', { body: { userCode: code, approve: decision.agrees } });
  const answer = await answered(call, page);
  if (answer instanceof Response) return answer;
  return seeOther(decision.agrees ? '/device/approved' : '/device/denied');
}
