// The Content-Security-Policy of pages: only what this console serves, and only scripts with the nonce
// of the one answer that they belong to.

import { isLoopbackRedirect } from '@/lib/grant/cli-request';

export function contentSecurityPolicy(nonce: string, page: URL): string {
  const isDevelopment = process.env.NODE_ENV === 'development';
  const policy: Record<string, string[]> = {
    'default-src': ["'none'"],
    // React reads stack traces with eval while developing, and never in production.
    'script-src': ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", ...(isDevelopment ? ["'unsafe-eval'"] : [])],
    'style-src': ["'self'", `'nonce-${nonce}'`],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'manifest-src': ["'self'"],
    'form-action': ["'self'", ...loopback(page)],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
    .join('; ');
}

/** Where the browser is sent with the code of `keon login`: a redirect after a form counts as its target. */
function loopback({ pathname, searchParams }: URL): string[] {
  const asked = searchParams.get('redirect_uri') ?? '';
  if (pathname !== '/cli/authorize' || !isLoopbackRedirect(asked)) return [];
  const { hostname, origin } = new URL(asked);
  // A policy has no way to write an IPv6 address. The page has no form but its own.
  return [hostname.startsWith('[') ? 'http:' : origin];
}

/** Of answers that are data. */
export const NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
