// Sessions that are renewed, rest and end.

import type { Page } from '@playwright/test';
import { askApi } from '../stage/cluster';
import { changeSession, hasSession, outliveAccessToken, sessionOf } from '../stage/person';
import { expect, test } from '../stage/story';

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });

test('tabs that renew a session at once all stay signed in', async ({ page, context, person }) => {
  await person.open(page, '/projects');
  const tabs = [page, await context.newPage(), await context.newPage()];
  const first = await sessionOf(context);

  await outliveAccessToken(context);
  await Promise.all(tabs.map((tab) => tab.goto('/projects')));
  for (const tab of tabs) await expect(heading(tab, 'Projects')).toBeVisible();
  const second = await sessionOf(context);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect(second.accessEndsAt).toBeGreaterThan(Date.now());

  await outliveAccessToken(context);
  const calls = () => Promise.all(Array.from({ length: 8 }, () => fetch('/api/v1/projects').then(({ status }) => status)));
  const statuses = await Promise.all(tabs.map((tab) => tab.evaluate(calls)));
  expect(new Set(statuses.flat())).toEqual(new Set([200]));

  // Nothing of it was taken for the theft of a refresh token: that would have ended the session.
  await outliveAccessToken(context);
  await page.goto('/settings/api-keys');
  await expect(heading(page, 'API keys')).toBeVisible();
});

test('a session past its window comes back to where the person was', async ({ page, context, person }) => {
  await person.open(page, '/settings/api-keys');
  await changeSession(context, { renewAt: 0, accessEndsAt: Date.now() - 1, refreshToken: `nsr_${'A'.repeat(43)}` });

  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Activity' }).click();
  await expect(page).toHaveURL('/sign-in?callbackUrl=%2Fsettings%2Factivity');
  await expect(page.getByText('You will be back where you were.')).toBeVisible();
  expect(await hasSession(context)).toBe(false);
  await person.signIn(page);
  await expect(page).toHaveURL('/settings/activity');
  await expect(heading(page, 'Activity')).toBeVisible();
});

test('a session that has reached its end leads to sign-in and back', async ({ page, context, person }) => {
  await person.open(page, '/settings/activity');
  await changeSession(context, { endsAt: Date.now() - 1 });
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in\?callbackUrl=%2Fsettings%2Factivity$/);
  await person.signIn(page);
  await expect(page).toHaveURL('/settings/activity');
});

test('a session that was ended elsewhere is noticed by the page that is open', async ({ page, context, person }) => {
  await person.open(page, '/settings/api-keys');
  const { accessToken } = await sessionOf(context);
  expect((await askApi('/v1/auth/signout', accessToken, { method: 'POST' })).status).toBe(204);
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Projects' }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await person.signIn(page);
  await expect(page).toHaveURL('/projects');
});

test('a person who is active keeps the session alive, a page that is left open does not', async ({ page, context, person }) => {
  await page.clock.install();
  await person.open(page, '/settings/api-keys');
  const { refreshToken } = await sessionOf(context);
  await outliveAccessToken(context);

  await page.clock.fastForward('10:00');
  expect((await sessionOf(context)).refreshToken, 'nobody was there').toBe(refreshToken);
  const renewed = page.waitForResponse('**/api/session');
  await page.mouse.move(200, 200);
  await page.mouse.move(220, 220);
  expect((await renewed).status()).toBe(204);
  const now = await sessionOf(context);
  expect(now.refreshToken).not.toBe(refreshToken);
  expect(now.accessEndsAt).toBeGreaterThan(Date.now());
});
