// No token is where scripts can read it. That no answer brings one is watched in every story (stage/watch.ts).

import type { Page } from '@playwright/test';
import { ROUTES } from '../routes';
import { sessionOf } from '../stage/person';
import { ACCESS_TOKEN, REFRESH_TOKEN, secretsIn } from '../stage/secrets';
import { settings } from '../stage/settings';
import { expect, test } from '../stage/story';
import { makeEndpoint, makeProject } from '../stage/tenant';

/** Everything of a page that its scripts can read, as one text. */
async function readable(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const seen = new WeakSet<object>();
    const texts: string[] = [document.cookie, document.documentElement.outerHTML, location.href, document.referrer, window.name];
    for (const storage of [localStorage, sessionStorage]) texts.push(JSON.stringify(Object.entries(storage)));
    texts.push(JSON.stringify(await indexedDB.databases()), JSON.stringify(await caches.keys()), JSON.stringify(history.state));
    texts.push(JSON.stringify(performance.getEntries().map(({ name }) => name)));
    // All that hangs on the window: Next's data, React's trees with the properties of every component, modules.
    const rest: unknown[] = [window, document];
    for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
      if (typeof value === 'string') texts.push(value);
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
      seen.add(value);
      // A prototype is an instance by name only.
      const isInstance = !Object.hasOwn(value, 'constructor');
      if (isInstance && (value instanceof Map || value instanceof Set)) rest.push(...value.values());
      if (isInstance && value instanceof Node) rest.push(...value.childNodes);
      for (const key of Reflect.ownKeys(value)) {
        const { value: member } = Object.getOwnPropertyDescriptor(value, key) ?? {};
        if (member !== undefined && member !== null) rest.push(member);
      }
    }
    return texts.join('\n');
  });
}

test('no script can read a token, a cookie or a key', async ({ page, context, person, watch }) => {
  await person.open(page, '/projects');
  const session = await sessionOf(context);
  expect(session.accessToken, 'what is looked for looks like this').toMatch(ACCESS_TOKEN);
  expect(session.refreshToken).toMatch(REFRESH_TOKEN);

  const project = await makeProject(context, { name: 'shop' });
  const endpoint = await makeEndpoint(context, project);
  for (const { paths } of ROUTES.filter(({ isPrivate }) => isPrivate)) {
    for (const path of paths({ project: project.id, endpoint: endpoint.id })) {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      const text = await readable(page);
      expect(secretsIn(text), path).toEqual([]);
      const held = [session.accessToken, session.refreshToken, session.accessToken.split('.')[2] ?? ''].filter((secret) => text.includes(secret));
      expect(held, path).toEqual([]);
    }
  }

  await page.goto('/settings/api-keys');
  await page.getByRole('button', { name: 'Create API key' }).click();
  await page.getByRole('dialog').getByLabel('Label', { exact: true }).fill('a secret');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await watch.shownKey(page);
  const text = await readable(page);
  expect(text.includes(key) && text.includes(person.email), 'the walk finds what is there').toBe(true);
  await page.reload();
  await expect(page.getByRole('row', { name: 'a secret' })).toBeVisible();
  expect(secretsIn(await readable(page))).toEqual([]);
});

test('cookies are for this host alone, and for no script', async ({ page, context, person }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: /^Continue with / }).click();
  await page.waitForURL(`${settings.providerUrl}/**`);
  const atProvider = await context.cookies(settings.consoleUrl);
  expect(atProvider.map(({ name }) => name)).toEqual(expect.arrayContaining(['__Host-kisenon-state', '__Host-kisenon-pkce', '__Host-kisenon-nonce']));
  await page.goto('/sign-in');
  await person.signIn(page);
  for (const { name, httpOnly, secure, sameSite, path, domain } of [...atProvider, ...(await context.cookies(settings.consoleUrl))]) {
    expect({ httpOnly, secure, sameSite, path, domain }, name).toEqual({
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
      domain: new URL(settings.consoleUrl).hostname,
    });
    expect(name).toMatch(/^__Host-/);
  }
  expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('every answer has the headers that protect it, and every page a nonce of its own', async ({ page, person }) => {
  await person.open(page, '/projects');
  const nonces = new Set<string>();
  const paths = ['/', '/sign-in', '/docs/auth', '/projects', '/settings/api-keys', '/device', '/nothing-here'];
  for (const path of paths) {
    const headers = (await page.goto(path))?.headers() ?? {};
    const policy = headers['content-security-policy'] ?? '';
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).not.toMatch(/unsafe-|https?:\/\/|\*/);
    nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1] ?? '');
    expect(headers, path).toMatchObject({
      'strict-transport-security': expect.stringMatching(/max-age=\d{8}/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
    expect(headers['cache-control'], path).toContain('no-store');
    expect(headers, path).not.toHaveProperty('x-powered-by');
  }
  expect(nonces.size).toBe(paths.length);

  const security = await page.goto('/.well-known/security.txt');
  expect(security?.headers()['content-type']).toContain('text/plain');
  expect(await security?.text()).toMatch(/^Contact: mailto:.+@.+$/m);
  expect(await security?.text()).toMatch(/^Expires: \d{4}-/m);
});
