import { expect, test } from 'vitest';
import { contentSecurityPolicy } from './content-security-policy';

const formAction = (path: string) => /form-action ([^;]+)/.exec(contentSecurityPolicy('n', new URL(path, 'https://console.example.com')))?.[1];
const asking = (redirect: string, path = '/cli/authorize') => formAction(`${path}?${new URLSearchParams({ redirect_uri: redirect })}`);

test('the page of `keon login` may send its form on to the listener that was asked for', () => {
  expect(asking('http://127.0.0.1:49152/callback')).toBe("'self' http://127.0.0.1:49152");
  expect(asking('http://[::1]:49152/callback')).toBe("'self' http:");
});

test('no other page and no other target is let through', () => {
  expect(asking('http://127.0.0.1:49152/callback', '/device')).toBe("'self'");
  expect(asking('http://127.0.0.1:49152/callback; script-src *')).toBe("'self'");
  expect(asking('https://evil.example/callback')).toBe("'self'");
  expect(formAction('/cli/authorize')).toBe("'self'");
});

test('pages are not framed, and run nothing without the nonce', () => {
  const policy = contentSecurityPolicy('abc', new URL('https://console.example.com/'));
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("script-src 'self' 'nonce-abc' 'strict-dynamic';");
});
