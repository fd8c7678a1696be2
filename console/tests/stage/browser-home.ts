// A home for the browser, in which it finds the cluster's certificate authorities: Chromium on Linux trusts
// what the NSS database of its user trusts. So no story has to look away from certificate errors.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settings } from './settings';

/** Made by the first process of a run; its workers inherit the variable. */
export const BROWSER_HOME = (process.env.CONSOLE_BROWSER_HOME ??= mkdtempSync(join(tmpdir(), 'console-browser-')));

export default function trustAuthorities(): () => void {
  const folder = join(BROWSER_HOME, '.pki', 'nssdb');
  mkdirSync(folder, { recursive: true });
  certutil('-N', '-d', `sql:${folder}`, '--empty-password');
  const authorities = readFileSync(settings.caFile, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!authorities) throw new Error(`there is no certificate in ${settings.caFile}`);
  for (const [index, pem] of authorities.entries()) {
    certutil('-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', `authority ${index}`, '-a', { input: pem });
  }
  return () => rmSync(BROWSER_HOME, { recursive: true, force: true });
}

function certutil(...args: (string | { input: string })[]): void {
  const options = args.find((arg) => typeof arg === 'object');
  try {
    execFileSync('certutil', args.filter((arg) => typeof arg === 'string'), { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  } catch (error) {
    throw new Error('certutil failed. Install it with: apt-get install libnss3-tools', { cause: error });
  }
}
