// axe on every page: light and dark, on a desk and on a phone. And nothing wider than the screen.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { NOWHERE, ROUTES, type Route, type Things } from '../routes';
import { expect, test } from '../stage/story';
import { makeEndpoint, makeProject, untilRunning } from '../stage/tenant';
import type { Watch } from '../stage/watch';

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const LOOKS = [
  { name: 'light', colorScheme: 'light', size: DESK },
  { name: 'dark', colorScheme: 'dark', size: DESK },
  { name: 'on a phone', colorScheme: 'light', size: PHONE },
] as const;

/** What axe finds, and what is too wide, in all looks of what is shown now. */
async function faults(page: Page, where: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, colorScheme, size } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(size);
    // Next takes the title away and puts it back when it reads a page anew.
    await expect(page).toHaveTitle(/./);
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ target, failureSummary }) => `${where} (${name}): ${id} at ${target.join(' ')}: ${failureSummary?.replaceAll(/\s+/g, ' ')}`));
    }
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (excess > 0) found.push(`${where} (${name}): ${excess} pixels wider than the screen`);
  }
  await page.setViewportSize(DESK);
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

async function walk(page: Page, routes: readonly Route[], things: Things): Promise<string[]> {
  const found: string[] = [];
  for (const { paths, heading } of routes) {
    for (const path of paths(things)) {
      await page.goto(path);
      await expect(page).toHaveURL(path);
      // A link of keon that is not complete has a page of its own.
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(path === '/cli/authorize' ? /^This link/ : heading);
      found.push(...(await faults(page, path)));
    }
  }
  return found;
}

test('pages that anybody may read', async ({ page }) => {
  test.setTimeout(6 * 60_000);
  const found = await walk(page, ROUTES.filter(({ isPrivate }) => !isPrivate), { project: '', endpoint: '' });
  await page.goto('/nothing-here');
  found.push(...(await faults(page, 'a page that is not there')));
  await page.goto('/sign-in?error=OAuthCallback');
  await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
  found.push(...(await faults(page, 'a sign-in that failed')));
  expect(found).toEqual([]);
});

test('pages of whoever has signed in', async ({ page, context, person, watch }) => {
  test.setTimeout(10 * 60_000);
  await person.open(page, '/projects');
  const found: string[] = [];
  for (const path of ['/projects', '/endpoints', '/settings/api-keys', '/settings/activity']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    found.push(...(await faults(page, `${path} without anything`)));
  }
  const project = await makeProject(context, { name: 'shop' });
  await page.goto(`/projects/${project.id}`);
  await expect(page.getByRole('heading', { name: 'No endpoints yet' })).toBeVisible();
  found.push(...(await faults(page, 'a project without endpoints')));

  const endpoint = await makeEndpoint(context, project);
  await page.goto(`/endpoints/${endpoint.id}`);
  found.push(...(await faults(page, 'an endpoint that comes up')));
  await untilRunning(context, endpoint);
  found.push(...(await walk(page, ROUTES.filter(({ isPrivate }) => isPrivate), { project: project.id, endpoint: endpoint.id })));
  for (const path of NOWHERE) {
    await page.goto(path);
    found.push(...(await faults(page, path)));
  }
  found.push(...(await keyDialogs(page, watch)));
  found.push(...(await endpointDialogs(page, endpoint.id)));
  expect(found).toEqual([]);
});

async function keyDialogs(page: Page, watch: Watch): Promise<string[]> {
  const found: string[] = [];
  await page.goto('/settings/api-keys');
  await page.getByRole('button', { name: /^Account of/ }).click();
  found.push(...(await faults(page, 'the menu of the account')));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Create API key' }).click();
  found.push(...(await faults(page, 'making a key')));
  await page.getByRole('dialog').getByLabel('Label', { exact: true }).fill('axe');
  await page.getByRole('button', { name: 'Create key' }).click();
  await watch.shownKey(page);
  found.push(...(await faults(page, 'a key that was made')));
  await page.getByRole('button', { name: 'I have copied it' }).click();
  found.push(...(await faults(page, 'the list of keys')));
  await page.getByRole('button', { name: 'Actions for axe' }).click();
  found.push(...(await faults(page, 'the menu of a key')));
  await page.getByRole('menuitem', { name: 'Revoke…' }).click();
  found.push(...(await faults(page, 'revoking a key')));
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await expect(page.getByText('Key revoked', { exact: true })).toBeVisible();
  found.push(...(await faults(page, 'a note')));
  return found;
}

async function endpointDialogs(page: Page, endpoint: string): Promise<string[]> {
  const found: string[] = [];
  await page.goto('/projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: /range 1$/ }).fill('203.0.113.7/24');
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('No!');
  found.push(...(await faults(page, 'making a project, with mistakes')));
  await page.goto('/endpoints');
  await page.getByRole('button', { name: 'New endpoint' }).click();
  found.push(...(await faults(page, 'making an endpoint')));
  await page.goto(`/endpoints/${endpoint}/settings`);
  await page.getByRole('button', { name: 'Delete endpoint' }).click();
  found.push(...(await faults(page, 'deleting an endpoint')));
  await page.goto(`/endpoints/${endpoint}`);
  await page.getByRole('button', { name: 'Show password' }).click();
  await expect(page.getByRole('button', { name: 'Hide password' })).toBeVisible();
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click();
    found.push(...(await faults(page, `connecting with ${await tab.innerText()}`)));
  }
  return found;
}
