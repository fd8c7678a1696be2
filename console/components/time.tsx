'use client';
// A time as people say it, with the exact one behind it. The server does not know the person's clock, so the
// words come with the page's scripts; until then the date stands there.

import { useSyncExternalStore } from 'react';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exactly = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export function Time({ at }: { at: string }) {
  const now = useSyncExternalStore(everyMinute, currentMinute, () => undefined);
  return (
    <time dateTime={at} title={now === undefined ? undefined : exactly.format(new Date(at))}>
      {now === undefined ? at.slice(0, 10) : ago(Date.parse(at), now)}
    </time>
  );
}

const zoned = (timeZone?: string) =>
  new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  });
const inUtc = zoned('UTC');
const here = zoned();

/** A time to the second with its zone: UTC as the server sends it, then the person's own. */
export function ExactTime({ at }: { at: string }) {
  const isHere = useSyncExternalStore(never, () => true, () => false);
  return <time dateTime={at}>{(isHere ? here : inUtc).format(new Date(at))}</time>;
}

const never = () => () => {};

/** How long before or after `now` a time is. */
export function ago(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  for (const [unit, length] of STEPS) {
    // What is to come is rounded: an end in 30 days is not in 29, a moment after it was set.
    if (Math.abs(seconds) >= length) return words.format(seconds > 0 ? Math.round(seconds / length) : Math.trunc(seconds / length), unit);
  }
  return seconds > 0 ? 'in a moment' : 'just now';
}

function everyMinute(tick: () => void): () => void {
  const timer = setInterval(tick, 15_000);
  return () => clearInterval(timer);
}

/** Steady within a quarter of a minute, so that rendering twice gives the same. */
function currentMinute(): number {
  return Math.ceil(Date.now() / 15_000) * 15_000;
}
