// The pictures of the documentation: UPDATE_IMAGES=1 npm run test:e2e writes docs/images. What differs from run to
// run is replaced on the page, so that a picture only changes with the console.

import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { cliRequest } from '../../stage/cli-request';
import { PREFIX } from '../../stage/cluster';
import { expect, test } from '../../stage/story';
import { makeEndpoint, makeKey, makeProject, untilRunning } from '../../stage/tenant';

const FOLDER = join(__dirname, '../../../../docs/images');
const DAY = 24 * 60 * 60 * 1000;
const KEYS = [
  { label: 'nightly export', scopes: ['read'], prefix: 'nsk_7Qm2ZpX4aK' },
  { label: 'deploys of shop', scopes: ['read', 'write'], prefix: 'nsk_Vb91TcRk0e' },
];

/** What stands on a page, and what is to stand there in a picture. */
type Replacement = [pattern: string, text: string];

const ALWAYS: Replacement[] = [
  [PREFIX, ''],
  ['10\\.77\\.0\\.1\\d\\d', '198.51.100.17'],
  ['[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '4be0643f-1d98-473b-97cd-ca98a65347dd'],
];

async function replaceTexts(page: Page, replacements: Replacement[]): Promise<void> {
  await page.evaluate((all) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode;
      for (const [pattern, text] of all) node.textContent = node.textContent?.replaceAll(new RegExp(pattern, 'g'), text) ?? '';
    }
  }, replacements);
}

async function picture(page: Page, name: string, replacements: Replacement[] = []): Promise<void> {
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await replaceTexts(page, [...ALWAYS, ...replacements]);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `console-${name}.png`), animations: 'disabled', caret: 'hide', scale: 'css' });
}

test('the pictures of the documentation', async ({ page, context, person }) => {
  await page.goto('/');
  await picture(page, 'landing');

  await person.open(page, '/projects');
  const shop = await makeProject(context, { name: 'shop', displayName: 'Shop' });
  await makeProject(context, { name: 'blog', displayName: 'Blog' });
  const endpoint = await makeEndpoint(context, shop);
  await untilRunning(context, endpoint);
  const replacements: Replacement[] = [[person.email.split('@')[0] ?? '', 'ada']];
  for (const { label, scopes, prefix } of KEYS) {
    const made = await makeKey(context, { label, scopes });
    replacements.push([made.prefix, prefix]);
  }
  // Everything was made on one day, three days ago.
  await page.clock.setFixedTime(Date.now() + 3 * DAY);

  await page.goto('/projects');
  await expect(page.getByRole('row', { name: /^Blog/ }).getByText('Ready', { exact: true })).toBeVisible();
  await picture(page, 'projects', replacements);
  await page.goto(`/endpoints/${endpoint.id}`);
  await picture(page, 'endpoint', replacements);
  await page.goto(`/endpoints/${endpoint.id}/access`);
  await expect(page.getByRole('list', { name: 'Who is let in, and who is not' })).toBeVisible();
  await picture(page, 'access', replacements);
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'access-dark', replacements);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/settings/api-keys');
  await picture(page, 'api-keys', replacements);
  await page.goto(cliRequest({ label: 'keon on ada-laptop' }));
  await picture(page, 'authorize', replacements);
});
