// `keon login` through the browser: the real keon, the real pages, and a person who decides.

import { askApi } from '../stage/cluster';
import { cliRequest } from '../stage/cli-request';
import { Machine } from '../stage/keon';
import { API_KEY } from '../stage/secrets';
import { settings } from '../stage/settings';
import { expect, test as base } from '../stage/story';

const test = base.extend<{ machine: Machine }>({
  machine: async ({}, provide) => {
    const machine = new Machine();
    await provide(machine);
    machine.remove();
  },
});

test('keon login asks, the person authorizes, and keon has a key that can be revoked', async ({ page, person, machine, watch }) => {
  const login = machine.start('login', '--browser', '--label', 'my laptop');
  const url = new URL(await machine.opened());
  expect(url.origin).toBe(settings.consoleUrl);
  const listener = new URL(url.searchParams.get('redirect_uri') ?? '').origin;
  watch.allow(listener);

  await page.goto(url.href);
  await person.signIn(page);
  await expect(page).toHaveURL(url.href);
  const facts = page.getByRole('main');
  await expect(facts).toContainText(person.email);
  await expect(facts).toContainText(new URL(listener).host);
  await expect(facts).toContainText('my laptop');
  expect(login.stderr, 'nothing happens by itself').not.toContain('Signed in');

  const callback = page.waitForRequest((asked) => asked.url().startsWith(`${listener}/callback`));
  await page.getByRole('button', { name: 'Authorize' }).click();
  const { searchParams } = new URL((await callback).url());
  expect(searchParams.get('state')).toBe(url.searchParams.get('state'));
  expect([...searchParams.keys()].sort()).toEqual(['code', 'state']);
  expect(searchParams.toString(), 'a code, never a key').not.toMatch(API_KEY);
  expect((await login.ended).code).toBe(0);
  expect(login.stderr).toContain('Signed in as');
  await expect(page).toHaveURL((shown) => shown.origin === listener && shown.search === '');

  const whoami = await machine.run('whoami', '--output', 'json');
  expect(JSON.parse(whoami.stdout)).toMatchObject({ user: { email: person.email } });
  const [key] = machine.credentials().match(API_KEY) ?? [];
  expect((await askApi('/v1/me', key ?? '')).status).toBe(200);

  await page.goto('/settings/api-keys');
  await page.getByRole('button', { name: 'Actions for my laptop' }).click();
  await page.getByRole('menuitem', { name: 'Revoke…' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke key' }).click();
  await expect(page.getByRole('alertdialog')).toBeHidden();
  expect((await machine.run('whoami')).code).not.toBe(0);
});

test('whoever cancels gives nothing, and keon says so', async ({ page, person, machine, watch }) => {
  const login = machine.start('login', '--browser');
  const url = new URL(await machine.opened());
  watch.allow(new URL(url.searchParams.get('redirect_uri') ?? '').origin);
  await page.goto(url.href);
  await person.signIn(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  const { code, stderr } = await login.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('access was refused in the browser');
  expect(machine.hasCredentials()).toBe(false);
  await page.goto('/settings/api-keys');
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible();
});

test('a machine without a browser gets its key after its code was compared and approved', async ({ page, person, machine }) => {
  const login = machine.start('login', '--device', '--label', 'a server');
  await expect.poll(() => login.stderr, 'keon shows a code').toMatch(/[A-Z]{4}-[A-Z]{4}/);
  const [code] = /[A-Z]{4}-[A-Z]{4}/.exec(login.stderr) ?? [];

  await person.open(page, '/device');
  await page.getByLabel('Code').fill('QQQQ-QQQQ');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('No machine waits with this code')).toBeVisible();
  await page.getByLabel('Code').fill(code?.toLowerCase().replace('-', ' ') ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText(code ?? '', { exact: true })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('a server');
  await expect(page.getByRole('main')).toContainText(person.email);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page).toHaveURL('/device/approved');

  expect((await login.ended).code).toBe(0);
  expect((await machine.run('whoami')).stdout).toContain(person.email);
});

test('a machine that is denied gets nothing', async ({ page, person, machine }) => {
  const login = machine.start('login', '--device');
  await expect.poll(() => login.stderr, 'keon shows a code').toMatch(/user_code=[A-Z-]+/);
  const [query] = /user_code=[A-Z-]+/.exec(login.stderr) ?? [];
  await person.open(page, `/device?${query}`);
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page).toHaveURL('/device/denied');
  const { code, stderr } = await login.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('access was refused in the browser');
});

test('the page of keon login cannot be framed', async ({ page, person, otherSite, watch }) => {
  await page.goto(cliRequest());
  await person.signIn(page);
  const answer = await page.reload();
  await expect(page.getByRole('button', { name: 'Authorize' })).toBeVisible();
  expect(answer?.headers()['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(answer?.headers()['x-frame-options']).toBe('DENY');

  watch.expect(/^Framing .* violates the following Content Security Policy directive: "frame-ancestors 'none'"/);
  otherSite.show(`<iframe src="${settings.consoleUrl}${cliRequest()}"></iframe>`);
  const refused = page.waitForEvent('console', (message) => message.text().includes("frame-ancestors 'none'"));
  await page.goto(otherSite.origin);
  await refused;
  await expect(page.frameLocator('iframe').getByRole('button')).toHaveCount(0);
});

const ELSEWHERE = [
  'https://elsewhere.example/callback',
  'http://elsewhere.example:49152/callback',
  'http://127.0.0.1.elsewhere.example:49152/callback',
  'http://127.0.0.1:49152@elsewhere.example/callback',
  'http://localhost:49152/callback',
  'http://127.0.0.1:49152/other',
  'http://127.0.0.1/callback',
  'javascript:alert(1)//127.0.0.1:49152/callback',
];

test('a browser is sent nowhere but to a loopback address', async ({ page, person }) => {
  await person.open(page, cliRequest({ redirect_uri: ELSEWHERE[0] ?? '' }));
  for (const redirect_uri of ELSEWHERE) {
    const asked = cliRequest({ redirect_uri });
    await page.goto(asked);
    await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
    await expect(page.getByText('redirect_uri must be http://127.0.0.1:<port>/callback')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Authorize' })).toHaveCount(0);

    // Nor does the route behind the button take it.
    const decide = async (decision: string) => {
      const body = new URLSearchParams({ decision, account: person.email });
      return page.evaluate(async ([path, form]) => (await fetch(path, { method: 'POST', body: new URLSearchParams(form) })).url, [
        asked.replace('/cli/authorize', '/cli/authorize/decision'),
        body.toString(),
      ] as const);
    };
    for (const decision of ['agree', 'refuse']) expect(new URL(await decide(decision)).origin).toBe(settings.consoleUrl);
  }
});
