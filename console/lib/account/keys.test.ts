import { expect, test } from 'vitest';
import { endOf, madeWith, type ApiKey } from './keys';

const key = (id: string, parent?: string, state: ApiKey['state'] = 'Active') => ({ id, parent, state }) as ApiKey;
const ids = (key: ApiKey, all: ApiKey[]) => madeWith(key, all).map(({ id }) => id);

test('a key has made those that name it, and what they made', () => {
  const all = [key('a'), key('b', 'a'), key('c', 'b'), key('d', 'ses-1'), key('e', 'a')];
  expect(ids(all[0]!, all).sort()).toEqual(['b', 'c', 'e']);
  expect(ids(all[3]!, all)).toEqual([]);
});

test('what is revoked ends no more, and is passed through', () => {
  const all = [key('a'), key('b', 'a', 'Revoked'), key('c', 'b')];
  expect(ids(all[0]!, all)).toEqual(['c']);
});

test('a circle, which a manifest may write, is followed once', () => {
  const all = [key('a', 'b'), key('b', 'a'), key('c', 'c')];
  expect(ids(all[0]!, all)).toEqual(['b']);
  expect(ids(all[2]!, all)).toEqual([]);
});

test('a life in days, a date and no end', () => {
  const now = new Date(2026, 0, 1, 12).getTime();
  expect(endOf('30', '', now)).toEqual(new Date(now + 30 * 86_400_000));
  expect(endOf('never', '2026-02-01', now)).toBeUndefined();
  expect(endOf('date', '2026-02-01', now)).toEqual(new Date(2026, 1, 1, 23, 59, 59));
  expect(endOf('date', '2026-01-01', now)).toEqual(new Date(2026, 0, 1, 23, 59, 59));
});

test.each(['', '2025-12-31', 'tomorrow', '2026-02-31x'])('%j is no date for a key to end', (date) => {
  expect(endOf('date', date, new Date(2026, 0, 1, 12).getTime())?.getTime()).toBeNaN();
});
