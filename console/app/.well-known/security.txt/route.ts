// RFC 9116, for this host. `Expires` is computed, so it is never stale.

import { connection } from 'next/server';
import { config } from '@/lib/config';

const LIFE = 180 * 24 * 60 * 60 * 1000;

export async function GET(): Promise<Response> {
  await connection();
  const { consoleUrl, securityContact } = config();
  const lines = [
    `Contact: ${securityContact}`,
    `Expires: ${new Date(Date.now() + LIFE).toISOString().replace(/:\d\d\.\d+Z$/, ':00Z')}`,
    'Preferred-Languages: en',
    `Canonical: ${consoleUrl}/.well-known/security.txt`,
    `Policy: ${consoleUrl}/docs/security`,
  ];
  return new Response(`${lines.join('\n')}\n`, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
