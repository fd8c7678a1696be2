import { expect, test } from 'vitest';
import type { components } from '@/lib/api/schema';
import { conditionState, conditionTitle, inOrder } from './conditions';
import { historyOf } from './history';
import { sentence } from './sentence';
import { stagesOf } from './stages';
import { endpointState, projectState, trouble, type Condition } from './state';

const found = (type: string, status: string, reason = 'Succeeded', message = `${type} is ${status}`): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-02T03:04:05Z',
});

const verified = [found('PerimeterReady', 'True'), found('IsolationVerified', 'True', 'Succeeded', 'egress refused')];
const states = (...conditions: Condition[]) => stagesOf({ conditions }).map(({ state }) => state);

test('the first stage is at work before anything is known', () => {
  expect(states()).toEqual(['active', 'waiting', 'waiting', 'waiting', 'waiting']);
});

test('while the gate is at work, nothing behind it is', () => {
  const conditions = [found('PerimeterReady', 'True'), found('IsolationVerified', 'False', 'GatePending'), found('AddressAssigned', 'False', 'Waiting')];
  expect(states(...conditions)).toEqual(['done', 'active', 'waiting', 'waiting', 'waiting']);
});

test('a perimeter that does not hold is shown where it fails, with what went through', () => {
  const refused = found('IsolationVerified', 'False', 'NotEnforced', 'the gate did not pass');
  const stages = stagesOf({ conditions: [found('PerimeterReady', 'True'), refused] });
  expect(stages.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'waiting', 'waiting']);
  expect(stages[2]?.detail).toBe('The gate did not pass.');
});

test('the evidence stands beside the isolation that it shows', () => {
  const stages = stagesOf({ conditions: [...verified, found('AddressAssigned', 'True'), found('ServerReady', 'False', 'Waiting')] });
  expect(stages.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done', 'active']);
  expect(stages[2]).toMatchObject({ detail: 'Egress refused.', at: '2026-01-02T03:04:05Z' });
});

test('the server of a suspended endpoint waits, and says why', () => {
  const conditions = [...verified, found('AddressAssigned', 'True'), found('ServerReady', 'False', 'Suspended', 'the server is suspended')];
  const stalled = [found('Stalled', 'True'), found('Ready', 'False', 'StorageResizeRefused')];
  for (const more of [[], stalled]) {
    expect(stagesOf({ conditions: [...conditions, ...more] })[4]).toMatchObject({ state: 'waiting', detail: 'The server is suspended.' });
  }
});

test('what keeps an endpoint from being built is told at the stage that it has reached', () => {
  const conditions = [found('Stalled', 'True'), found('Ready', 'False', 'QuotaExceeded', 'quota.cpu has no room')];
  expect(stagesOf({ conditions })[0]).toMatchObject({ state: 'failed', detail: 'Quota.cpu has no room.' });
  expect(trouble({ conditions })).toBe('quota.cpu has no room');
});

test.each<[Partial<Parameters<typeof endpointState>[0]>, string]>([
  [{ phase: 'Running', conditions: [found('Ready', 'True')] }, 'Running'],
  [{ phase: 'Running' }, 'Updating'],
  [{ phase: 'Running', desiredState: 'Suspended' }, 'Suspending'],
  [{ phase: 'Stopped', desiredState: 'Suspended', conditions: [found('Ready', 'True', 'Suspended')] }, 'Suspended'],
  [{ phase: 'Stopped' }, 'Resuming'],
  [{ phase: 'Failed' }, 'Failed'],
  [{ phase: 'Pending', conditions: [found('Stalled', 'True')] }, 'Needs attention'],
  [{ phase: 'Running', deletingSince: '2026-01-01T00:00:00Z' }, 'Deleting'],
])('an endpoint with %j is called %s', (change, word) => {
  expect(endpointState({ phase: 'Pending', desiredState: 'Running', conditions: [], ...change })[1]).toBe(word);
});

test('a project is ready, or says that it needs attention', () => {
  expect(projectState({ conditions: [found('Ready', 'True')] })[1]).toBe('Ready');
  expect(projectState({ conditions: [found('Stalled', 'True')] })[1]).toBe('Needs attention');
});

test('conditions are read in order, and what is unknown is shown as it is', () => {
  expect(inOrder([found('New', 'True'), found('Stalled', 'False'), found('ServerReady', 'True'), found('Ready', 'True')]).map(({ type }) => type)).toEqual([
    'Ready',
    'ServerReady',
    'New',
  ]);
  expect(conditionTitle(found('New', 'Unknown'))).toBe('New: Unknown');
  expect(conditionState(found('Stalled', 'True'))[0]).toBe('bad');
  expect(conditionState(found('ServerReady', 'False', 'Suspended'))[0]).toBe('idle');
});

test('history holds what was done to this one thing, newest first, with what the operator found', () => {
  const event = (id: string, at: string, target: string): components['schemas']['AuditEventView'] => ({
    id,
    at,
    action: 'endpoint.suspend',
    actor: { kind: 'user', id: 'usr-1', label: 'dev@example.com' },
    target: { kind: 'endpoint', id: target },
  });
  const history = historyOf('ep-1', [event('a', '2026-01-02T03:04:04Z', 'ep-1'), event('b', '2026-01-03T00:00:00.5Z', 'ep-1'), event('c', '2026-01-04T00:00:00Z', 'ep-2')], verified);
  expect(history.map(({ key }) => key)).toEqual(['b', 'PerimeterReady', 'IsolationVerified', 'a']);
  expect(history[0]).toMatchObject({ title: 'Endpoint suspended', detail: 'By dev@example.com.' });
});

test('a change says which parts it was about, where the record does', () => {
  const event = { id: 'a', at: '2026-01-02T03:04:05Z', actor: { kind: 'user', id: 'usr-1', label: 'x' }, target: { kind: 'endpoint', id: 'ep-1' } };
  const titleOf = (detail?: unknown) => historyOf('ep-1', [{ ...event, action: 'endpoint.update', detail }], [])[0]?.title;
  expect(titleOf({ fields: ['compute', 'storage', 'new'] })).toBe('Endpoint settings changed: processor and memory, disk, new');
  for (const detail of [undefined, null, 'text', { fields: [] }, { fields: 1 }]) expect(titleOf(detail)).toBe('Endpoint settings changed');
});

test('what stalls is told once', () => {
  expect(inOrder([found('Ready', 'False', 'QuotaExceeded'), found('Stalled', 'True', 'QuotaExceeded')]).map(({ type }) => type)).toEqual(['Stalled']);
});

test('sentences begin with a capital and end', () => {
  expect(sentence('nothing runs yet')).toBe('Nothing runs yet.');
  expect(sentence('Why?')).toBe('Why?');
});
