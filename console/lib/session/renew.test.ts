import { expect, test, vi } from 'vitest';
import { Renewals, type Renewal } from './renew';
import type { Session } from './session';

const session = (refreshToken: string): Session => ({
  name: 'Ada',
  email: 'ada@example.com',
  accessToken: 'a',
  renewAt: 0,
  accessEndsAt: 0,
  refreshToken,
  endsAt: 0,
});

test('requests with one refresh token share one renewal, and what comes late its result', async () => {
  vi.useFakeTimers();
  const swap = vi.fn(async (token: string): Promise<Renewal> => ({ outcome: 'renewed', session: session(`${token}+`) }));
  const renewals = new Renewals(swap);
  const [one, two] = await Promise.all([renewals.renew(session('r'), null), renewals.renew(session('r'), null)]);
  expect(await renewals.renew(session('r'), null)).toEqual(one);
  expect(two).toEqual(one);
  expect(swap).toHaveBeenCalledTimes(1);

  await vi.advanceTimersByTimeAsync(60_000);
  await renewals.renew(session('r'), null);
  expect(swap).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});

test('another token is another renewal', async () => {
  const swap = vi.fn(async (): Promise<Renewal> => ({ outcome: 'ended' }));
  const renewals = new Renewals(swap);
  await Promise.all([renewals.renew(session('r'), null), renewals.renew(session('s'), null)]);
  expect(swap).toHaveBeenCalledTimes(2);
});

test('an API that could not be reached is asked again', async () => {
  const swap = vi.fn(async (): Promise<Renewal> => ({ outcome: 'unavailable' }));
  const renewals = new Renewals(swap);
  await renewals.renew(session('r'), null);
  await renewals.renew(session('r'), null);
  expect(swap).toHaveBeenCalledTimes(2);
});
