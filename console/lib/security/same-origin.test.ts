import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isSameOrigin } from './same-origin';

beforeAll(() => {
  vi.stubEnv('KISENON_API_URL', 'https://api.example.com');
  vi.stubEnv('KISENON_CONSOLE_URL', 'https://console.example.com');
  vi.stubEnv('NEXTAUTH_SECRET', 'x'.repeat(32));
  vi.stubEnv('GITHUB_CLIENT_ID', 'id');
  vi.stubEnv('GITHUB_CLIENT_SECRET', 'secret');
});
afterAll(() => vi.unstubAllEnvs());

const own = 'https://console.example.com';

test.each<[string, Record<string, string>, boolean]>([
  ['POST', { 'sec-fetch-site': 'same-origin', origin: own }, true],
  ['POST', { origin: own }, true],
  ['POST', { 'sec-fetch-site': 'same-origin' }, true],
  ['POST', {}, false],
  ['POST', { origin: 'null' }, false],
  ['POST', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }, false],
  ['POST', { 'sec-fetch-site': 'cross-site', origin: own }, false],
  ['DELETE', { 'sec-fetch-site': 'none' }, false],
  ['GET', {}, true],
  ['GET', { 'sec-fetch-site': 'none' }, true],
  ['GET', { 'sec-fetch-site': 'cross-site' }, false],
])('%s with %j: %j', (method, headers, expected) => {
  expect(isSameOrigin(method, new Headers(headers))).toBe(expected);
});
