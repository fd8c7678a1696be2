// Somebody who uses the console. Everybody has a tenant of their own, so stories do not see each other.

import { randomUUID } from 'node:crypto';
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { decode, encode } from 'next-auth/jwt';
import { askApi, cookieSecret, deleteNamespace } from './cluster';
import { settings } from './settings';

const SESSION_COOKIE = '__Host-kisenon-session';

/** What lies in the session's cookie, for the console's server alone. */
export interface Session {
  accessToken: string;
  refreshToken: string;
  renewAt: number;
  accessEndsAt: number;
  endsAt: number;
}

export class Person {
  private namespace: string | undefined;

  constructor(readonly email = `ada-${randomUUID().slice(0, 13)}@example.com`) {}

  /** Asks for a page of the console, and signs in on the way to it. */
  async open(page: Page, path: string): Promise<void> {
    await page.goto(path);
    await this.signIn(page);
    await expect(page).toHaveURL(settings.consoleUrl + path);
  }

  /** Goes from the sign-in page to wherever it leads. */
  async signIn(page: Page): Promise<void> {
    await page.getByRole('button', { name: /^Continue with / }).click();
    const isAtProvider = (url: URL) => url.origin === settings.providerUrl;
    // Who has been there already is sent back without a question.
    await page.waitForURL((url) => isAtProvider(url) || !url.pathname.startsWith('/sign-in'));
    if (!isAtProvider(new URL(page.url()))) return;
    await page.getByLabel('E-mail').fill(this.email);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => url.origin === settings.consoleUrl && !url.pathname.startsWith('/api/auth/'));
    if (!this.namespace && (await hasSession(page.context()))) {
      const me = await askApi('/v1/me', (await sessionOf(page.context())).accessToken);
      this.namespace = ((await me.json()) as { tenant: { namespace: string } }).tenant.namespace;
    }
  }

  /** Ends the tenant, with all that is in it. */
  async leave(): Promise<void> {
    if (this.namespace) await deleteNamespace(this.namespace);
  }
}

/** The session of a browser, opened as the console's server opens it. */
export async function sessionOf(context: BrowserContext): Promise<Session> {
  const token = await decode({ token: (await sessionCookie(context)).value, secret: cookieSecret() });
  expect(token, 'a session is in the cookie').not.toBeNull();
  return token as unknown as Session;
}

/** Puts the session back as if time had passed, or its tokens were others. */
export async function changeSession(context: BrowserContext, change: Partial<Session>): Promise<void> {
  const cookie = await sessionCookie(context);
  const token = { ...(await sessionOf(context)), ...change };
  await context.addCookies([{ ...cookie, value: await encode({ token, secret: cookieSecret(), maxAge: 3600 }) }]);
}

/** As if the access token had run out just now: the next request renews it. */
export async function outliveAccessToken(context: BrowserContext): Promise<void> {
  await changeSession(context, { renewAt: 0, accessEndsAt: Date.now() - 1 });
}

export async function hasSession(context: BrowserContext): Promise<boolean> {
  return (await context.cookies(settings.consoleUrl)).some(({ name }) => name === SESSION_COOKIE);
}

async function sessionCookie(context: BrowserContext) {
  const cookie = (await context.cookies(settings.consoleUrl)).find(({ name }) => name === SESSION_COOKIE);
  if (!cookie) throw new Error('nobody is signed in in this browser');
  return cookie;
}
