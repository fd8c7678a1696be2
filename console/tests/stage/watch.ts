// Watches everything that a browser does during a story, and fails the story for what must never happen:
// requests to somebody else, violations of the Content-Security-Policy, errors of scripts, and credentials
// in anything that scripts can read.

import type { BrowserContext, Page, Request, Response } from '@playwright/test';
import { settings } from './settings';
import { secretsIn } from './secrets';

/** Chromium says it of every answer of 400 and more; which ones there may be, stories say themselves. */
const SAYS_STATUS = /^Failed to load resource: the server responded with a status of \d+/;

interface Body {
  url: string;
  text: string;
}

export class Watch {
  /** Keys that the person was shown, and that answers may therefore hold. */
  private readonly shownKeys = new Set<string>();
  private readonly faults: string[] = [];
  private readonly expected = [SAYS_STATUS];
  private readonly origins = new Set([settings.consoleUrl, settings.providerUrl]);
  private readonly bodies: Promise<Body | undefined>[] = [];
  private readonly messages: string[] = [];

  /** A further origin that belongs to the story. */
  allow(origin: string): void {
    this.origins.add(origin);
  }

  /** What the browser is made to complain of by the story itself. */
  expect(complaint: RegExp): void {
    this.expected.push(complaint);
  }

  /** The key that the page shows the person now. */
  async shownKey(page: Page): Promise<string> {
    const key = await page.getByRole('dialog').getByRole('region', { name: 'key', exact: true }).innerText();
    this.shownKeys.add(key);
    return key;
  }

  over(context: BrowserContext): void {
    context.on('request', (request) => this.seeRequest(request.url()));
    context.on('response', (response) => this.seeResponse(response));
    // Not before: a body that its script never reads to the end has no end.
    context.on('requestfinished', (request) => this.bodies.push(this.bodyOf(request)));
    context.on('weberror', (error) => this.faults.push(`a script failed: ${error.error().message}`));
    context.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !this.expected.some((complaint) => complaint.test(text))) this.faults.push(`the page says: ${text}`);
    });
    context.on('page', (page) => void this.followStreams(context, page));
  }

  /** Everything that went wrong until now. */
  async result(): Promise<string[]> {
    for (const body of await Promise.all(this.bodies)) {
      if (!body) continue;
      this.faults.push(...secretsIn(body.text, this.shownKeys).map((secret) => `${secret} came to the browser from ${body.url}`));
    }
    this.faults.push(...secretsIn(this.messages.join('\n'), this.shownKeys).map((secret) => `${secret} came in an event`));
    return this.faults;
  }

  private seeRequest(url: string): void {
    const { protocol, origin } = new URL(url);
    if (protocol === 'data:' || protocol === 'blob:') return;
    if (!this.origins.has(origin)) this.faults.push(`a request went to somebody else: ${url}`);
  }

  private seeResponse(response: Response): void {
    const url = response.url();
    if (!url.startsWith(`${settings.consoleUrl}/`)) return;
    const headers = response.headers();
    if (headers['content-type']?.startsWith('text/html')) this.seePolicy(url, headers['content-security-policy'] ?? '');
  }

  /** Nothing where there is none: redirects, and bodies that went with the page that had asked for them. */
  private async bodyOf(request: Request): Promise<Body | undefined> {
    const url = request.url();
    if (!url.startsWith(`${settings.consoleUrl}/`)) return undefined;
    try {
      const text = await (await request.response())?.text();
      return text === undefined ? undefined : { url, text };
    } catch {
      return undefined;
    }
  }

  private seePolicy(url: string, policy: string): void {
    const script = /script-src ([^;]*)/.exec(policy)?.[1] ?? '';
    const isStrict = /'nonce-[^']{16,}'/.test(script) && !script.includes("'unsafe-");
    if (!isStrict || !policy.includes("frame-ancestors 'none'")) this.faults.push(`${url} has no strict policy, but: ${policy || 'none'}`);
  }

  /** Events never end as an answer does, so their messages are read one by one. */
  private async followStreams(context: BrowserContext, page: Page): Promise<void> {
    try {
      const session = await context.newCDPSession(page);
      session.on('Network.eventSourceMessageReceived', ({ data }) => this.messages.push(data));
      await session.send('Network.enable');
    } catch (error) {
      if (!page.isClosed()) throw error;
    }
  }
}
