// What pages cost: the scripts of the landing page, the time until each page's largest paint, and how much jumps before it.

import type { Browser, BrowserContext } from '@playwright/test';
import { ROUTES, type Things } from '../../routes';
import { expect, test } from '../../stage/story';
import { makeEndpoint, makeProject, untilRunning } from '../../stage/tenant';

/** The budget of the landing page's scripts, as they come over the wire. */
const MOST_SCRIPT = 150 * 1024;
/** The aim for the largest paint. What fails is far above it, since a machine that is busy says nothing of the console. */
const AIM_MS = 1000;
const FAR_ABOVE_MS = 4 * AIM_MS;
/** The share of the screen that may move without having been asked to (Cumulative Layout Shift, web.dev: good). */
const MOST_SHIFT = 0.1;
/** Loads of each page, of which the middle one counts: a cluster has work of its own between them. */
const ROUNDS = 3;

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

interface Cost {
  path: string;
  paint: number;
  shift: number;
  scripts: number;
}

/** When what is largest was painted last, and how much has moved, kept for a story that asks. */
declare global {
  interface Window {
    largestPaint?: number;
    shift: number;
  }
}

function watchPaints(): void {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) window.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    window.largestPaint = list.getEntries().at(-1)?.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
}

async function costOf(browser: Browser, storageState: StorageState, path: string): Promise<Cost> {
  const rounds: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await load(browser, storageState, path));
  const paints = rounds.map(({ paint }) => paint).sort((one, other) => one - other);
  const most = (of: 'shift' | 'scripts') => Math.max(...rounds.map((round) => round[of]));
  return { path, paint: paints[Math.floor(ROUNDS / 2)] ?? Number.NaN, shift: most('shift'), scripts: most('scripts') };
}

/** Opens a page in a browser that has nothing of the console in its cache. */
async function load(browser: Browser, storageState: StorageState, path: string): Promise<Cost> {
  const context = await browser.newContext({ storageState });
  await context.addInitScript(watchPaints);
  const page = await context.newPage();
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') sizes.push(request.sizes().then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize));
  });
  await page.goto(path, { waitUntil: 'load' });
  // What pages fetch once they are there belongs to them as well.
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await page.waitForFunction(() => window.largestPaint !== undefined);
  const { paint = Number.NaN, shift } = await page.evaluate(() => ({ paint: window.largestPaint, shift: window.shift }));
  const scripts = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  return { path, paint, shift, scripts };
}

async function costs(browser: Browser, context: BrowserContext, isPrivate: boolean, things: Things): Promise<Cost[]> {
  const all: Cost[] = [];
  const storageState = await context.storageState();
  const paths = ROUTES.filter((route) => route.isPrivate === isPrivate).flatMap((route) => route.paths(things));
  for (const path of paths) all.push(await costOf(browser, storageState, path));
  return all;
}

test('the scripts of the landing page, and the largest paint and the jumps of each page', async ({ browser, page, context, person }) => {
  test.setTimeout(10 * 60_000);
  const nobody = await costs(browser, context, false, { project: '', endpoint: '' });
  await person.open(page, '/projects');
  const project = await makeProject(context, { name: 'shop' });
  const endpoint = await makeEndpoint(context, project);
  await untilRunning(context, endpoint);
  await page.close();
  const somebody = await costs(browser, context, true, { project: project.id, endpoint: endpoint.id });

  const all = [...nobody, ...somebody];
  const shown = all.map(({ path, paint, shift, scripts }) => {
    const name = path.replace(project.id, '[id]').replace(endpoint.id, '[id]').replace(/\?.*/, '?…');
    return `${name.padEnd(32)} ${paint.toFixed(0).padStart(7)} ms ${(scripts / 1024).toFixed(1).padStart(8)} KiB ${shift.toFixed(3).padStart(8)}${paint > AIM_MS ? '   above the aim' : ''}`;
  });
  console.info([`${'page'.padEnd(32)} largest paint    scripts    shift`, ...shown].join('\n'));

  const [landing] = nobody;
  expect(landing?.path).toBe('/');
  expect(landing?.scripts).toBeGreaterThan(0);
  expect(landing?.scripts).toBeLessThanOrEqual(MOST_SCRIPT);
  for (const { path, paint, shift } of all) {
    expect(paint, `the largest paint of ${path}`).toBeLessThan(FAR_ABOVE_MS);
    expect(shift, `what jumps on ${path}`).toBeLessThanOrEqual(MOST_SHIFT);
  }
});
