// The cluster behind the console: what an administrator reads, and what a host of its LAN does.

import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { settings } from './settings';

const run = promisify(execFile);

let secret: string | undefined;

/** What the console under test seals its cookies with: NEXTAUTH_SECRET where it is given, else that of the deployment. */
export function cookieSecret(): string {
  secret ??= process.env.NEXTAUTH_SECRET;
  if (!secret) {
    const args = ['--namespace', 'kisenon-system', 'get', 'secret', 'kisenon-console', '--output', 'jsonpath={.data.nextauth-secret}'];
    secret = Buffer.from(execFileSync('kubectl', args, { encoding: 'utf8' }), 'base64').toString();
  }
  return secret;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command with sh, in a folder and with variables of its own. */
export async function shell(command: string, { cwd, env }: { cwd?: string; env?: Record<string, string> } = {}): Promise<Outcome> {
  return outcome('sh', ['-c', command], { cwd, env: { ...process.env, ...env } });
}

/** The same on another host of the cluster's LAN, whose address is `settings.clientAddress`. */
export async function shellOnLan(command: string, cwd: string): Promise<Outcome> {
  const script = join(__dirname, '../../../e2e/cluster/lan.sh');
  return outcome(script, [], { cwd, env: { ...process.env, HOST: 'client', LAN_CMD: command } });
}

async function outcome(file: string, args: string[], options: { cwd?: string; env: NodeJS.ProcessEnv }): Promise<Outcome> {
  try {
    return { code: 0, ...(await run(file, args, { ...options, encoding: 'utf8', timeout: 60_000 })) };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

/** Asks the API itself, past the console. */
export async function askApi(path: string, credential: string, init: { method?: string; json?: unknown } = {}): Promise<Response> {
  return fetch(settings.apiUrl + path, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${credential}`, ...(init.json !== undefined && { 'content-type': 'application/json' }) },
    body: init.json === undefined ? undefined : JSON.stringify(init.json),
  });
}
