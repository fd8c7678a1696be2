// A database from nothing to its end, as a person makes it in the console.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { PREFIX, shellOnLan } from '../stage/cluster';
import { settings } from '../stage/settings';
import { expect, test } from '../stage/story';

const NAME = `${PREFIX}shop-main`;
const STAGES = ['Policy', 'Gate', 'Isolation verified', 'Address', 'Server ready'];
/** An endpoint comes up within seconds; on a busy machine it takes longer. */
const UP = { timeout: 120_000 };

const ranges = (within: Page | Locator) => within.getByRole('group', { name: /^Allowed ranges/ });
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const state = (page: Page, word: string) => page.getByRole('heading', { level: 1 }).getByText(word, { exact: true });
const go = (page: Page, name: string) => page.getByRole('navigation', { name: 'Endpoint' }).getByRole('link', { name, exact: true }).click();

async function makeProject(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Create your first project' }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name', { exact: true }).fill('Shop!');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog.getByRole('button', { name: 'Create project' })).toBeDisabled();
  await dialog.getByLabel('Name', { exact: true }).fill('shop');
  await dialog.getByRole('button', { name: 'Create project' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^shop/ })).toBeVisible();
}

async function makeEndpoint(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Create an endpoint' }).click();
  const dialog = page.getByRole('dialog', { name: 'New endpoint' });
  await dialog.getByLabel('Name', { exact: true }).fill(NAME);
  await dialog.getByLabel('Processor').fill('250m');
  await dialog.getByLabel('Memory').fill('256Mi');
  await dialog.getByRole('textbox', { name: /range 1$/ }).fill(`${settings.clientAddress}/32`);
  await dialog.getByRole('button', { name: 'Create endpoint' }).click();
  await expect(page.getByRole('heading', { level: 1, name: new RegExp(`^${NAME}`) })).toBeVisible();
}

/** The real stages, one after the other, without a reload. */
async function comesUp(page: Page): Promise<void> {
  const steps = page.getByRole('region', { name: /^(Coming up|How it came up)$/ }).getByRole('listitem');
  await expect(steps).toHaveCount(STAGES.length);
  for (const [index, stage] of STAGES.entries()) await expect(steps.nth(index)).toContainText(`${stage}: Done`, UP);
  await expect(state(page, 'Running')).toBeVisible(UP);
}

/** Puts the downloaded authority beside the shown command, and runs that as another host of the LAN does. */
async function connect(page: Page, folder: string): Promise<(select: string) => ReturnType<typeof shellOnLan>> {
  const panel = section(page, 'Connect');
  const download = page.waitForEvent('download');
  await panel.getByRole('button', { name: 'Download CA certificate' }).click();
  const authority = await download;
  await authority.saveAs(join(folder, authority.suggestedFilename()));
  await panel.getByRole('button', { name: 'Show password' }).click();
  // Until it has come, the command holds dots in its place.
  await expect(panel.getByRole('button', { name: 'Hide password' })).toBeVisible();
  await panel.getByRole('tab', { name: 'psql' }).click();
  const command = await panel.getByRole('region', { name: /^psql connection/ }).innerText();
  expect(command).toContain('sslmode=verify-full');
  return (select) => shellOnLan(`${command} --no-psqlrc --tuples-only --no-align --command '${select}'`, folder);
}

test('a project, an endpoint, its connection, its allow-list, its rest and its end', async ({ page, person }) => {
  test.setTimeout(8 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), 'console-story-'));
  await person.open(page, '/projects');
  await makeProject(page);
  await makeEndpoint(page);
  await comesUp(page);

  await test.step('the shown connection works in psql', async () => {
    const psql = await connect(page, folder);
    expect(await psql('SELECT 40 + 2')).toEqual({ code: 0, stdout: '42\n', stderr: '' });
    expect(await psql('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual({ code: 0, stdout: 't\n', stderr: '' });
    await section(page, 'Connect').getByRole('button', { name: 'Hide password' }).click();
    await expect(section(page, 'Connect').getByRole('region', { name: /^psql connection/ })).toContainText('••••');

    await go(page, 'Access');
    const picture = section(page, 'Who can reach it, and why');
    const lanes = picture.getByRole('list', { name: 'Who is let in, and who is not' });
    await expect(lanes.getByRole('listitem').filter({ hasText: `${settings.clientAddress}/32` })).toContainText('Open');
    await expect(lanes.getByRole('listitem').last()).toContainText('Closed');
    await expect(picture).toContainText('Packets have shown that it is enforced');

    const list = section(page, 'Allow-list');
    const range = list.getByRole('textbox', { name: /range 1$/ });
    await range.fill('10.77.0.30/24');
    await expect(range).toHaveAttribute('aria-invalid', 'true');
    await expect(list.getByRole('button', { name: 'Save' })).toBeDisabled();
    await list.getByRole('button', { name: 'Use 10.77.0.30/32' }).click();
    await list.getByRole('button', { name: 'Save' }).click();
    await expect(lanes.getByRole('listitem').filter({ hasText: '10.77.0.30/32' })).toContainText('Open', UP);
    await expect(lanes).not.toContainText(settings.clientAddress);
    // The policy is there before the node's filter has taken it up.
    const ends = async () => (await psql('SELECT 1')).code;
    await expect.poll(ends, 'whoever is not on the list gets no answer').not.toBe(0);
    await range.fill(`${settings.clientAddress}/32`);
    await list.getByRole('button', { name: 'Save' }).click();
    await expect(lanes.getByRole('listitem').filter({ hasText: `${settings.clientAddress}/32` })).toContainText('Open', UP);
    await expect.poll(ends, 'whoever is on it again gets one').toBe(0);

    await page.getByRole('button', { name: 'Suspend' }).click();
    await expect(state(page, 'Suspended')).toBeVisible(UP);
    await expect.poll(ends, 'nothing answers while it rests').not.toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(state(page, 'Running')).toBeVisible(UP);
    await expect.poll(ends, 'the same address, the same password').toBe(0);
  });

  await test.step('deleting asks for the name', async () => {
    await go(page, 'Settings');
    await section(page, 'Delete endpoint').getByRole('button', { name: 'Delete endpoint' }).click();
    const dialog = page.getByRole('alertdialog');
    const confirm = dialog.getByRole('button', { name: 'Delete endpoint' });
    await expect(confirm).toBeDisabled();
    await dialog.getByRole('textbox').fill(NAME.slice(0, -1));
    await expect(confirm).toBeDisabled();
    await dialog.getByRole('textbox').fill(NAME);
    await confirm.click();
    await expect(page.getByRole('heading', { name: `${NAME} is gone` })).toBeVisible(UP);
    await page.getByRole('link', { name: 'To its project' }).click();
    await expect(page.getByRole('heading', { name: 'No endpoints yet' })).toBeVisible();
  });
  rmSync(folder, { recursive: true });
});

test('a list follows what happens elsewhere, without a reload', async ({ page, context, person }) => {
  await person.open(page, '/projects');
  const other = await context.newPage();
  await other.goto('/projects');
  await makeProject(other);
  const row = page.getByRole('row', { name: /^shop/ });
  await expect(row.getByText('Ready', { exact: true })).toBeVisible({ timeout: 60_000 });
  await other.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Settings' }).click();
  await section(other, 'Delete project').getByRole('button', { name: 'Delete project' }).click();
  await other.getByRole('alertdialog').getByRole('textbox').fill('shop');
  await other.getByRole('alertdialog').getByRole('button', { name: 'Delete project' }).click();
  await expect(page.getByRole('heading', { name: 'No projects yet' })).toBeVisible({ timeout: 60_000 });
});

test('an allow-list says of each range what it means while it is typed', async ({ page, person }) => {
  await person.open(page, '/projects');
  await page.getByRole('button', { name: 'Create your first project' }).click();
  const list = ranges(page.getByRole('dialog'));
  const range = list.getByRole('textbox');
  const said: [text: string, isGood: boolean, words: RegExp][] = [
    ['203.0.113.7', false, /Use 203\.0\.113\.7\/32/],
    ['203.0.113.7/24', false, /Use 203\.0\.113\.0\/24/],
    ['203.0.113.0/33', false, /./],
    ['shop.example', false, /./],
    ['203.0.113.0/24', true, /256 addresses/],
    ['203.0.113.7/32', true, /One address/],
  ];
  for (const [text, isGood, words] of said) {
    await range.fill(text);
    await expect(list.getByRole('listitem')).toContainText(words);
    if (isGood) await expect(range).not.toHaveAttribute('aria-invalid');
    else await expect(range).toHaveAttribute('aria-invalid', 'true');
  }
});
