// The stories of the console: Debian's Chromium against a running cluster (make up; npm run test:e2e).
//
//   KISENON_CONSOLE_URL, KISENON_API_URL, KISENON_CA_FILE, KUBECONFIG   from make -s env
//   CHROMIUM (/usr/bin/chromium)                                        the browser
//   UPDATE_IMAGES=1                                                     also writes docs/images

import { defineConfig } from '@playwright/test';
import { BROWSER_HOME } from './stage/browser-home';
import { settings } from './stage/settings';

/** Longest that a page may take to show what it was asked for, on a busy machine. */
const PATIENCE = 15_000;
const MINUTE = 60_000;

// Node reads it when a process starts: the workers are started after this.
process.env.NODE_EXTRA_CA_CERTS ??= settings.caFile;

export default defineConfig({
  testDir: 'stories',
  outputDir: '../test-results',
  globalSetup: './stage/browser-home',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // A story that fails now and then is broken: none is tried again.
  retries: 0,
  workers: process.env.CONSOLE_WORKERS ? Number(process.env.CONSOLE_WORKERS) : 4,
  timeout: 3 * MINUTE,
  expect: { timeout: PATIENCE },
  reporter: process.env.CI ? [['list'], ['html', { open: 'never', outputFolder: '../playwright-report' }]] : 'list',
  use: {
    baseURL: settings.consoleUrl,
    actionTimeout: PATIENCE,
    navigationTimeout: 2 * PATIENCE,
    // What moves is never at the same place in two pictures, and axe sees colours that are half there.
    contextOptions: { reducedMotion: 'reduce' },
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Chromium's sandbox does not start as root.
      chromiumSandbox: process.getuid?.() !== 0,
      // Where it finds the authorities that it trusts. Certificate errors are errors.
      env: { ...process.env, HOME: BROWSER_HOME },
    },
  },
  projects: [
    { name: 'stories', testIgnore: ['**/figures/**', '**/images/**'] },
    // Alone, after the stories, so that nothing else takes the processors.
    { name: 'figures', testMatch: '**/figures/**', dependencies: ['stories'], fullyParallel: false },
    ...(process.env.UPDATE_IMAGES ? [{ name: 'images', testMatch: '**/images/**', dependencies: ['stories'] }] : []),
  ],
});
