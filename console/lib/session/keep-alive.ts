// Keeps the session alive while the person is active, and lets it rest when they are not. The browser knows
// nothing of tokens: it only says "still here", and the server renews what is due.

import { goToSignIn } from '@/lib/api/browser';

/** Access tokens live 15 minutes and are renewed in their second half. */
const EVERY = 4 * 60_000;
/** Input as long ago as this is still activity. */
const IDLE_AFTER = 5 * 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

let lastSign = 0;
let lastCall = 0;
let waiting: (() => void)[] = [];

async function call(): Promise<void> {
  lastCall = Date.now();
  try {
    const { status } = await fetch('/api/session', { method: 'POST' });
    if (status === 401) goToSignIn();
  } catch {
    // Not reachable just now: the next sign of life tries again.
    lastCall = 0;
  }
}

function onSign(): void {
  if (document.hidden) return;
  const now = Date.now();
  lastSign = now;
  const isDue = now - lastCall >= EVERY;
  const waited = waiting;
  waiting = [];
  if (!isDue) return waited.forEach((go) => go());
  void call().then(() => waited.forEach((go) => go()));
}

export const keepAlive = {
  /** Watches the person until the returned function is called. The page itself was a sign of life. */
  start(): () => void {
    lastSign = lastCall = Date.now();
    for (const sign of SIGNS) window.addEventListener(sign, onSign, { passive: true });
    document.addEventListener('visibilitychange', onSign);
    return () => {
      for (const sign of SIGNS) window.removeEventListener(sign, onSign);
      document.removeEventListener('visibilitychange', onSign);
    };
  },

  /** Resolves at once while the person is active, else with their next sign of life and a session that is awake. */
  async whenActive(): Promise<void> {
    if (Date.now() - lastSign < IDLE_AFTER) return call();
    return new Promise((resolve) => waiting.push(resolve));
  },
};
