// The Content-Security-Policy of pages: only what this console serves, and only scripts with the nonce
// of the one answer that they belong to.

/** Where the browser is sent with the code of `keon login`. A redirect after a form counts as its target. */
const LOOPBACK = ['http://127.0.0.1:*', 'http://[::1]:*'];

export function contentSecurityPolicy(nonce: string, path: string): string {
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
    'form-action': ["'self'", ...(path === '/cli/authorize' ? LOOPBACK : [])],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
    .join('; ');
}

/** Of answers that are data. */
export const NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
