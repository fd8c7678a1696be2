import { expect, test } from 'vitest';
import { listOf, next, NOTHING, type LiveEvent, type LiveState, type Things } from './state';

const project = (id: string, createdAt = '2026-01-01T00:00:00Z') => ({ id, name: id, createdAt }) as Things['project'];
const tells = (id: string): LiveEvent => ({ kind: 'project', view: project(id) });
const after = (...events: LiveEvent[]): LiveState => events.reduce(next, NOTHING);
const ids = (state: LiveState, served: Things['project'][] = []) => listOf(state, 'project', served).map(({ id }) => id);

test('until everything was told, what the page was served with is shown too', () => {
  const state = after({ kind: 'opened' }, tells('b'));
  expect(ids(state, [project('a'), project('b'), project('c')])).toEqual(['a', 'b', 'c']);
});

test('afterwards only what was told of is there', () => {
  const state = after({ kind: 'opened' }, tells('b'), { kind: 'synced', complete: true });
  expect(ids(state, [project('a')])).toEqual(['b']);
});

test('what is deleted goes, even before everything was told', () => {
  const state = after({ kind: 'opened' }, tells('a'), { kind: 'deleted', id: 'a' });
  expect(ids(state, [project('a'), project('b')])).toEqual(['b']);
});

test('a later stream that tells of everything leaves out what is gone', () => {
  const before = after({ kind: 'opened' }, tells('a'), tells('b'), { kind: 'synced', complete: true });
  const state = [{ kind: 'opened' }, tells('b'), { kind: 'synced', complete: true }].reduce((now, event) => next(now, event as LiveEvent), before);
  expect(ids(state)).toEqual(['b']);
});

test('a later stream that tells of changes alone keeps the rest', () => {
  const before = after({ kind: 'opened' }, tells('a'), tells('b'), { kind: 'synced', complete: true });
  const state = [{ kind: 'opened' }, { kind: 'synced', complete: false }].reduce((now, event) => next(now, event as LiveEvent), before);
  expect(ids(state)).toEqual(['a', 'b']);
});

test('the oldest comes first', () => {
  const old = project('z', '2025-01-01T00:00:00Z');
  expect(ids(after(tells('a'), { kind: 'project', view: old }))).toEqual(['z', 'a']);
});
