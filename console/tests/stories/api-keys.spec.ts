// An API key from its making to its end.

import { API_KEY } from '../stage/secrets';
import { settings } from '../stage/settings';
import { shell } from '../stage/cluster';
import { expect, test } from '../stage/story';
import { makeKey } from '../stage/tenant';

test('a key is made, shown once, used with curl, revoked and refused', async ({ page, person, watch }) => {
  await person.open(page, '/settings/api-keys');
  await page.getByRole('button', { name: 'Create API key' }).click();
  await page.getByRole('dialog').getByLabel('Label', { exact: true }).fill('nightly export');
  await page.getByRole('button', { name: 'Create key' }).click();

  const shown = page.getByRole('dialog', { name: 'Copy your new key now' });
  const key = await watch.shownKey(page);
  expect(key.match(API_KEY)).toEqual([key]);
  const command = await shown.getByRole('region', { name: 'curl command' }).innerText();
  const curl = () => shell(`${command} --silent --show-error --output /dev/null --write-out '%{http_code}'`, {
    env: { KISENON_API_KEY: key, CURL_CA_BUNDLE: settings.caFile },
  });
  expect(await curl()).toEqual({ code: 0, stdout: '200', stderr: '' });

  await page.keyboard.press('Escape');
  await expect(shown, 'a slip of the finger does not take it away').toBeVisible();
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  await expect(shown).toBeHidden();
  const row = page.getByRole('row', { name: 'nightly export' });
  await expect(row.getByText('Active', { exact: true })).toBeVisible();
  await expect(row.getByText(key.slice(0, 14), { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(key);
  await page.reload();
  await expect(row).toBeVisible();
  expect(await page.content()).not.toContain(key);

  await row.getByRole('button', { name: 'Actions for nightly export' }).click();
  await page.getByRole('menuitem', { name: 'Revoke…' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke key' }).click();
  await expect(page.getByRole('alertdialog')).toBeHidden();
  expect((await curl()).stdout).toBe('401');
  await expect(page.getByText('No API keys yet').or(row.getByText('Revoked', { exact: true }))).toBeVisible();
});

test('going away and back does not bring a key back', async ({ page, person, watch }) => {
  await person.open(page, '/settings/api-keys');
  await page.getByRole('button', { name: 'Create API key' }).click();
  await page.getByRole('dialog').getByLabel('Label', { exact: true }).fill('left behind');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await watch.shownKey(page);
  await page.goto('/');
  await page.goBack();
  await expect(page.getByRole('row', { name: 'left behind' })).toBeVisible();
  expect(await page.content()).not.toContain(key);
});

test('a key may be given less than its maker has, and another label', async ({ page, person, watch }) => {
  await person.open(page, '/settings/api-keys');
  await page.getByRole('button', { name: 'Create API key' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Label', { exact: true }).fill('dashboard');
  await form.getByLabel('Expires after').selectOption({ label: '30 days' });
  await form.getByLabel('Read', { exact: true }).uncheck();
  await form.getByLabel('Write', { exact: true }).uncheck();
  await form.getByRole('button', { name: 'Create key' }).click();
  await expect(form.getByText('Tick one or both')).toBeVisible();
  await form.getByLabel('Read', { exact: true }).check();
  await form.getByRole('button', { name: 'Create key' }).click();
  const key = await watch.shownKey(page);
  await page.getByRole('button', { name: 'I have copied it' }).click();

  const create = await shell(
    `curl --silent --output /dev/null --write-out '%{http_code}' --oauth2-bearer "$KISENON_API_KEY" --json '{"name":"shop"}' ${settings.apiUrl}/v1/projects`,
    { env: { KISENON_API_KEY: key, CURL_CA_BUNDLE: settings.caFile } },
  );
  expect(create.stdout, 'it may not write').toBe('403');

  await page.getByRole('button', { name: 'Actions for dashboard' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByRole('dialog').getByLabel('Label', { exact: true }).fill('status board');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(page.getByRole('row', { name: 'status board' }).getByText('read', { exact: true })).toBeVisible();

  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Activity' }).click();
  await expect(page.getByRole('row', { name: 'status board' }).or(page.getByRole('row', { name: 'dashboard' })).first()).toBeVisible();
});

test('nothing of the table lies over the menu of a key, on a phone either', async ({ page, context, person }) => {
  await person.open(page, '/projects');
  for (const label of ['one', 'two']) await makeKey(context, { label });
  await page.setViewportSize({ width: 390, height: 700 });
  await page.goto('/settings/api-keys');
  for (const label of ['one', 'two']) {
    await page.getByRole('button', { name: `Actions for ${label}` }).click();
    const covered = await page.getByRole('menu').evaluate((menu) => {
      const { left, right, top, bottom } = menu.getBoundingClientRect();
      const inset = 8;
      const at = [left + inset, (left + right) / 2, right - inset].flatMap((x) => [top + inset, (top + bottom) / 2, bottom - inset].map((y) => [x, y] as const));
      return at.filter(([x, y]) => !menu.contains(document.elementFromPoint(x, y)));
    });
    expect(covered, `the menu of ${label}`).toEqual([]);
    await page.keyboard.press('Escape');
  }
});
