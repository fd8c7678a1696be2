import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONTENTS } from '../docs/contents.mjs';
import { DOCS, ROUTES } from './routes';

const APP = join(import.meta.dirname, '..', 'app');

/** Routes of all pages, as Next makes them of folders: those in parentheses are not part of them. */
function routesOf(folder: string, route = ''): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'page.tsx') return [route || '/'];
    if (!entry.isDirectory()) return [];
    return routesOf(join(folder, entry.name), entry.name.startsWith('(') ? route : `${route}/${entry.name}`);
  });
}

test('every page has a row, and every row a page', () => {
  expect(ROUTES.map(({ route }) => route).sort()).toEqual(routesOf(APP).sort());
});

test('every document has one too', () => {
  expect([...DOCS].sort()).toEqual(CONTENTS.flatMap(({ pages }) => pages).sort());
});
