// What the page of API keys works out for itself: which keys one has made, and when a new one ends.

import type { components } from '@/lib/api/schema';

export type ApiKey = components['schemas']['ApiKeyView'];

/** The keys that this one has made, and those that they have made, as far as they still count. */
export function madeWith(key: ApiKey, all: readonly ApiKey[]): ApiKey[] {
  const found = new Map<string, ApiKey>();
  const parents = [key.id];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of all) {
      if (child.parent !== parent || child.id === key.id || found.has(child.id)) continue;
      found.set(child.id, child);
      parents.push(child.id);
    }
  }
  return [...found.values()].filter(({ state }) => state === 'Active');
}

/** How long a new key may live, as the form offers it. */
export const LIVES = [
  { value: '30', name: '30 days' },
  { value: '90', name: '90 days' },
  { value: '365', name: 'One year' },
  { value: 'date', name: 'Until a date…' },
  { value: 'never', name: 'No end' },
] as const;

export type Life = (typeof LIVES)[number]['value'];

const DAY = 24 * 60 * 60 * 1000;

/**
 * The end of a key that is made now, if it has one. A date, as date fields write it, means all of that day on
 * the person's own clock; one that is over, or is no date, gives an invalid `Date`.
 */
export function endOf(life: Life, date: string, now = Date.now()): Date | undefined {
  if (life === 'never') return undefined;
  if (life !== 'date') return new Date(now + Number(life) * DAY);
  const end = new Date(`${date}T23:59:59`);
  return end.getTime() > now ? end : new Date(NaN);
}
