// The one stream of events of a page. It is open while the page is visible, for browsers and the API allow
// only a few; it goes on where it was left, and comes back by itself after an interruption.

import { keepAlive } from '@/lib/session/keep-alive';
import { next, NOTHING, type LiveEvent, type LiveState } from './state';

export type Connection = 'connecting' | 'open' | 'interrupted';

const URL = '/api/v1/events';
/** A glance at another tab is no reason to close it. */
const HIDDEN_FOR = 10_000;
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

let state: LiveState = NOTHING;
let connection: Connection = 'connecting';
let source: EventSource | undefined;
let lastEventId: string | undefined;
let retry = FIRST_RETRY;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

export const liveState = (): LiveState => state;
export const liveConnection = (): Connection => connection;

/** What a page was served with is newer than what is known, such as the answer to a write. */
export function tell(event: LiveEvent): void {
  state = next(state, event);
  for (const listener of listeners) listener();
}

/** The stream is open as long as somebody listens. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) start();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) stop();
  };
}

function start(): void {
  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) open();
}

function stop(): void {
  document.removeEventListener('visibilitychange', onVisibility);
  close();
}

function onVisibility(): void {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(close, HIDDEN_FOR);
  else if (!source) open();
}

function close(): void {
  clearTimeout(timer);
  source?.close();
  source = undefined;
}

function open(): void {
  close();
  const query = lastEventId ? `?lastEventId=${encodeURIComponent(lastEventId)}` : '';
  const opened = new EventSource(URL + query);
  source = opened;
  opened.onopen = () => {
    retry = FIRST_RETRY;
    tell({ kind: 'opened' });
    set('open');
  };
  opened.onerror = () => {
    set('interrupted');
    // Otherwise the browser reconnects by itself, with the id of the last event.
    if (opened.readyState === EventSource.CLOSED) void openLater();
  };
  const on = <T>(name: string, event: (data: T) => LiveEvent) =>
    opened.addEventListener(name, (message: MessageEvent<string>) => {
      lastEventId = message.lastEventId || lastEventId;
      tell(event(JSON.parse(message.data) as T));
    });
  on('project', (view: LiveState['project'][string]) => ({ kind: 'project', view }));
  on('endpoint', (view: LiveState['endpoint'][string]) => ({ kind: 'endpoint', view }));
  on('deleted', ({ id }: { id: string }) => ({ kind: 'deleted', id }));
  opened.addEventListener('synced', (message: MessageEvent<string>) => onSynced(message));
}

function onSynced(message: MessageEvent<string>): void {
  const { complete } = JSON.parse(message.data) as { complete: boolean };
  if (complete && !state.told) {
    // The server began again in the middle, because this page was too slow: what was deleted meanwhile was not told.
    lastEventId = undefined;
    open();
    return;
  }
  lastEventId = message.lastEventId || lastEventId;
  tell({ kind: 'synced', complete });
}

/** The server refused. A session that rests goes on with the person; anything else is tried again, ever less often. */
async function openLater(): Promise<void> {
  close();
  await keepAlive.whenActive();
  timer = setTimeout(() => {
    if (listeners.size > 0 && !document.hidden && !source) open();
  }, retry);
  retry = Math.min(retry * 2, LONGEST_RETRY);
}

function set(now: Connection): void {
  connection = now;
  for (const listener of listeners) listener();
}
