// Who gets in, who does not, and where they are afterwards.

import { askApi } from '../stage/cluster';
import { hasSession, Person, sessionOf } from '../stage/person';
import { settings } from '../stage/settings';
import { expect, test } from '../stage/story';
import { makeKey } from '../stage/tenant';

test('whoever is on the allow-list comes to the page they asked for', async ({ page, person }) => {
  await page.goto('/settings/activity?from=story');
  await expect(page).toHaveURL(/\/sign-in\?callbackUrl=/);
  await person.signIn(page);
  await expect(page).toHaveURL('/settings/activity?from=story');
  await expect(page.getByRole('heading', { name: 'Activity', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: `Account of ${person.email}` })).toBeVisible();
});

test('from the landing page to the projects', async ({ page, person }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await expect(page).toHaveURL('/sign-in');
  await person.signIn(page);
  await expect(page).toHaveURL('/projects');
  await page.goto('/');
  await page.getByRole('link', { name: 'Open console' }).first().click();
  await expect(page).toHaveURL('/projects');
});

test('whoever is not on the allow-list is told so, and how to apply', async ({ page, context }) => {
  const stranger = new Person(`${crypto.randomUUID()}@stranger.test`);
  await page.goto('/projects');
  await stranger.signIn(page);
  await expect(page).toHaveURL('/access-denied');
  await expect(page.getByRole('heading', { name: 'No access yet' })).toBeVisible();
  expect(await hasSession(context)).toBe(false);

  await page.getByRole('link', { name: 'How to get access' }).click();
  await expect(page).toHaveURL('/docs/alpha-access');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/access/i);

  await page.goto('/projects');
  await expect(page).toHaveURL(/\/sign-in$/);
});

for (const elsewhere of ['https://elsewhere.example/', '//elsewhere.example/', '/\\elsewhere.example/', 'javascript:alert(1)']) {
  test(`sign-in does not lead to ${elsewhere}`, async ({ page, person }) => {
    await page.goto(`/sign-in?callbackUrl=${encodeURIComponent(elsewhere)}`);
    await person.signIn(page);
    await expect(page).toHaveURL('/projects');
  });
}

test('signing out ends the session on both sides, and leads to the landing page', async ({ page, context, person }) => {
  await person.open(page, '/projects');
  const session = await sessionOf(context);
  const { key } = await makeKey(context, { label: 'stays', scopes: ['read'] });

  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('link', { name: 'Sign in' }).first()).toBeVisible();
  expect(await hasSession(context)).toBe(false);

  expect((await askApi('/v1/me', session.accessToken)).status, 'the access token is void').toBe(401);
  const refresh = await fetch(`${settings.apiUrl}/v1/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: session.refreshToken }),
  });
  expect(refresh.status, 'so is the refresh token').toBe(400);
  expect((await askApi('/v1/me', key)).status, 'API keys stay').toBe(200);

  await page.goBack();
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('another site can neither sign a person out nor write in their name', async ({ page, person, otherSite }) => {
  await person.open(page, '/projects');
  for (const action of ['/sign-out', '/api/v1/projects']) {
    const url = settings.consoleUrl + action;
    otherSite.show(`<form method="post" action="${url}" enctype="text/plain"><input name='{"name":"theirs","x":"' value='"}'><button>Win a prize</button></form>`);
    await page.goto(otherSite.origin);
    const answer = page.waitForResponse(url);
    await page.getByRole('button').click();
    expect((await answer).status()).toBe(403);
  }
  await page.goto('/projects');
  await expect(page.getByRole('heading', { name: 'No projects yet' })).toBeVisible();
});
