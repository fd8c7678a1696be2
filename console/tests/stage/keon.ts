// The real keon, on a machine of its own: a home folder, and a browser that only notes where it is sent.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { settings } from './settings';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A keon that runs. */
export class Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  constructor(process: ChildProcess) {
    process.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    process.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((resolve, reject) => {
      process.on('error', reject);
      process.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }
}

export class Machine {
  private readonly home = mkdtempSync(join(tmpdir(), 'console-keon-'));
  private readonly running: ChildProcess[] = [];
  private readonly page = join(this.home, 'page');

  constructor() {
    // The name comes last, so that nobody reads half a URL.
    const script = `#!/bin/sh\nprintf %s "$1" > '${this.page}.part' && mv '${this.page}.part' '${this.page}'\n`;
    writeFileSync(join(this.home, 'browser'), script, { mode: 0o755 });
  }

  start(...args: string[]): Running {
    const process_ = spawn('keon', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        NODE_ENV: process.env.NODE_ENV,
        PATH: process.env.PATH,
        HOME: this.home,
        BROWSER: join(this.home, 'browser'),
        KISENON_API_URL: settings.apiUrl,
        KISENON_CONSOLE_URL: settings.consoleUrl,
        KISENON_CA_FILE: settings.caFile,
      },
    });
    this.running.push(process_);
    return new Running(process_);
  }

  async run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** The page that keon has opened the browser at. */
  async opened(): Promise<string> {
    await expect.poll(() => existsSync(this.page), { message: 'keon opens the browser' }).toBe(true);
    return readFileSync(this.page, 'utf8');
  }

  /** What keon keeps. */
  credentials(): string {
    return readFileSync(join(this.home, '.config', 'keon', 'credentials.json'), 'utf8');
  }

  hasCredentials(): boolean {
    return existsSync(join(this.home, '.config', 'keon', 'credentials.json'));
  }

  remove(): void {
    for (const process of this.running) process.kill();
    rmSync(this.home, { recursive: true, force: true });
  }
}
