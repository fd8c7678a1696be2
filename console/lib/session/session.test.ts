import { expect, test } from 'vitest';
import { open, seal, sessionFrom } from './session';

const SECRET = 'a secret of more than thirty-two characters';

const tokens = {
  accessToken: 'access',
  refreshToken: 'nsr_refresh',
  tokenType: 'Bearer',
  expiresIn: 900,
  sessionExpiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  user: { id: 'usr-1', email: 'ada@example.com', name: null },
};

test('a session outlives the way through its cookie', async () => {
  const session = sessionFrom(tokens);
  const value = await seal(session, SECRET);
  expect(value).not.toContain('refresh');
  expect(value.length).toBeLessThan(3800);
  expect(await open(value, SECRET)).toEqual(session);
});

test('it is renewed in the second half of the access token’s life', () => {
  const session = sessionFrom(tokens, 1_000);
  expect([session.renewAt, session.accessEndsAt]).toEqual([451_000, 901_000]);
});

test.each([
  ['of another secret', async () => seal(sessionFrom(tokens), `${SECRET}!`)],
  ['damaged', async () => `${await seal(sessionFrom(tokens), SECRET)}x`],
  ['over', async () => seal({ ...sessionFrom(tokens), endsAt: Date.now() - 1 }, SECRET)],
  ['absent', async () => ''],
])('a cookie that is %s opens nothing', async (_, value) => {
  expect(await open(await value(), SECRET)).toBeUndefined();
});
