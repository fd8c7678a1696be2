// With the keyboard alone: what is focused is seen to be, and everything can be reached and done.

import type { Locator, Page } from '@playwright/test';
import { PREFIX } from '../stage/cluster';
import { settings } from '../stage/settings';
import { expect, test } from '../stage/story';

/** More stops than any page has. */
const MOST_STOPS = 60;

/** Presses Tab until this is focused. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await isFocused(target)) return expectFocusToBeSeen(target);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}

const isFocused = (target: Locator) => target.evaluate((element) => element === document.activeElement);

async function expectFocusToBeSeen(target: Locator): Promise<void> {
  const isSeen = await target.evaluate((element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  });
  expect(isSeen, `${target} shows that it is focused`).toBe(true);
}

/** Goes to a button or a link, and presses it. */
async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

async function type(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

test('the first stop skips to the content', async ({ page, person }) => {
  await person.open(page, '/projects');
  await page.reload();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('a project and an endpoint are made and deleted with the keyboard alone', async ({ page, person }) => {
  await person.open(page, '/projects');
  await press(page, page.getByRole('button', { name: 'Create your first project' }));
  let dialog = page.getByRole('dialog');
  await type(page, dialog.getByLabel('Name', { exact: true }), 'shop');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /^shop/ })).toBeVisible();

  const create = page.getByRole('button', { name: 'Create an endpoint' });
  await press(page, create);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(create, 'Escape leads back to where it was opened').toBeFocused();
  await page.keyboard.press('Enter');
  dialog = page.getByRole('dialog');
  await type(page, dialog.getByLabel('Name', { exact: true }), `${PREFIX}shop-keys`);
  await type(page, dialog.getByRole('textbox', { name: /range 1$/ }), `${settings.clientAddress}/32`);
  await press(page, dialog.getByRole('button', { name: 'Create endpoint' }));
  await expect(page.getByRole('heading', { level: 1, name: /shop-keys/ })).toBeVisible();

  await press(page, page.getByRole('navigation', { name: 'Endpoint' }).getByRole('link', { name: 'Settings' }));
  await press(page, page.getByRole('button', { name: 'Delete endpoint' }));
  dialog = page.getByRole('alertdialog');
  await type(page, dialog.getByRole('textbox'), `${PREFIX}shop-keys`);
  await press(page, dialog.getByRole('button', { name: 'Delete endpoint' }));
  await expect(page.getByRole('heading', { name: /is gone$/ })).toBeVisible({ timeout: 120_000 });
});

test('a key is made and revoked, and a person signs out, with the keyboard alone', async ({ page, person, watch }) => {
  await person.open(page, '/settings/api-keys');
  await press(page, page.getByRole('button', { name: 'Create API key' }));
  await type(page, page.getByRole('dialog').getByLabel('Label', { exact: true }), 'typed');
  await page.keyboard.press('Enter');
  await watch.shownKey(page);
  await press(page, page.getByRole('button', { name: 'I have copied it' }));
  const actions = page.getByRole('button', { name: 'Actions for typed' });
  await press(page, actions);
  await expect(page.getByRole('menuitem', { name: 'Rename…' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByLabel('Label', { exact: true })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(actions, 'Escape leads back to where it was opened').toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('End');
  await expect(page.getByRole('menuitem', { name: 'Revoke…' })).toBeFocused();
  await page.keyboard.press('Enter');
  await press(page, page.getByRole('alertdialog').getByRole('button', { name: 'Revoke key' }));
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible();

  await press(page, page.getByRole('button', { name: /^Account of/ }));
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/');
});
