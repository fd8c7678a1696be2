import { expect, test } from 'vitest';
import { readConfig } from './config';

const complete = {
  KISENON_API_URL: 'https://api.example.com/',
  KISENON_CONSOLE_URL: 'https://console.example.com',
  NEXTAUTH_SECRET: 'x'.repeat(32),
  OIDC_NAME: 'dev',
  OIDC_ISSUER: 'https://id.example.com',
  OIDC_CLIENT_ID: 'kisenon-console',
};

test('one provider is enough, and what is empty counts as absent', () => {
  const config = readConfig({ ...complete, GITHUB_CLIENT_ID: '' });
  expect(config).toMatchObject({ apiUrl: 'https://api.example.com', oidc: { name: 'dev', title: 'dev' } });
  expect(config.github).toBeUndefined();
});

test.each([
  [{ KISENON_API_URL: undefined }, 'KISENON_API_URL is missing'],
  [{ KISENON_CONSOLE_URL: 'http://console.example.com' }, 'KISENON_CONSOLE_URL must begin with https://'],
  [{ KISENON_CONSOLE_URL: 'https://console.example.com/console' }, 'KISENON_CONSOLE_URL must be an origin'],
  [{ NEXTAUTH_SECRET: 'short' }, 'NEXTAUTH_SECRET must be 32 characters'],
  [{ KISENON_CONSOLE_SECRET: `${'x'.repeat(32)}\n` }, 'KISENON_CONSOLE_SECRET must be 32 characters'],
  [{ GOOGLE_CLIENT_ID: 'id' }, 'GOOGLE_CLIENT_SECRET is missing beside GOOGLE_CLIENT_ID'],
  [{ OIDC_ISSUER: undefined }, 'OIDC_ISSUER is missing beside OIDC_NAME, OIDC_CLIENT_ID'],
  [{ OIDC_NAME: 'google' }, 'OIDC_NAME is another provider’s name'],
  [{ OIDC_NAME: undefined, OIDC_ISSUER: undefined, OIDC_CLIENT_ID: undefined }, 'nobody could sign in'],
])('%j is told by name', (change, message) => {
  expect(() => readConfig({ ...complete, ...change })).toThrow(message);
});
