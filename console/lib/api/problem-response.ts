// Refusals that the console itself gives to scripts of its pages, in the form of the API's (RFC 9457).

import 'server-only';
import { problemOf } from './problem';

const TITLES: Record<number, string> = {
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  413: 'Too large',
  503: 'Not available',
};

export function problemResponse(status: number, code: string, detail: string, extra: Record<string, string> = {}): Response {
  const problem = problemOf(status, code, TITLES[status] ?? 'Refused', detail);
  return new Response(JSON.stringify(problem), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...extra },
  });
}
