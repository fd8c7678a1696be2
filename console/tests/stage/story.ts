// What every story starts with: a person of its own, and a browser that is watched.

import { test as base } from '@playwright/test';
import { Person } from './person';
import { Watch } from './watch';

interface Stage {
  person: Person;
  watch: Watch;
}

export const test = base.extend<Stage>({
  person: async ({}, provide) => {
    await provide(new Person());
  },

  watch: async ({}, provide) => {
    const watch = new Watch();
    await provide(watch);
    base.expect(await watch.result(), 'what must not happen in a browser').toEqual([]);
  },

  context: async ({ context, watch }, provide) => {
    watch.over(context);
    await provide(context);
  },
});

export { expect } from '@playwright/test';
