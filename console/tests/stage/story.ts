// What every story starts with: a person of its own, and a browser that is watched.

import { test as base } from '@playwright/test';
import { OtherSite } from './other-site';
import { Person } from './person';
import { Watch } from './watch';

interface Stage {
  person: Person;
  watch: Watch;
  otherSite: OtherSite;
}

export const test = base.extend<Stage>({
  person: async ({}, provide) => {
    const person = new Person();
    await provide(person);
    await person.leave();
  },

  watch: async ({}, provide) => {
    const watch = new Watch();
    await provide(watch);
    base.expect(await watch.result(), 'what must not happen in a browser').toEqual([]);
  },

  otherSite: async ({ watch }, provide) => {
    const site = new OtherSite();
    await site.start();
    watch.allow(site.origin);
    await provide(site);
    site.stop();
  },

  context: async ({ context, watch }, provide) => {
    watch.over(context);
    await provide(context);
  },
});

export { expect } from '@playwright/test';
