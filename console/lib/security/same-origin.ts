// Whether a request was made by a page of this console. Cookies go along with requests that other
// sites cause, so what changes something must prove where it comes from.

import 'server-only';
import { config } from '@/lib/config';

const READS = new Set(['GET', 'HEAD']);

/** Browsers send `Sec-Fetch-Site`, `Origin` or both; a write without either is refused. */
export function isSameOrigin(method: string, headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  if (site !== null && site !== 'same-origin' && !(site === 'none' && READS.has(method))) return false;
  if (origin !== null) return origin === config().consoleUrl;
  return site !== null || READS.has(method);
}
