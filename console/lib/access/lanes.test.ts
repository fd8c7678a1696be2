import { expect, test } from 'vitest';
import type { components } from '@/lib/api/schema';
import { laneOut, lanesIn, sourceWords, summary } from './lanes';

type Explanation = components['schemas']['AccessExplanation'];

const closed: Explanation = {
  address: null,
  openTo: [],
  inCluster: [],
  egress: { reach: 'none' },
  isolation: { verified: false, message: 'no packets have been sent yet to show it' },
  service: { exposed: false },
  differences: [],
  notes: [],
};
const range = { cidr: '203.0.113.0/24', rule: 'policy ep-1 ingress[1]', sources: ['endpoint access.allowedCidrs[0]'] };
const shown = (explanation: Explanation) => lanesIn(explanation).map(({ who, state }) => `${state}: ${who}`);

test('without any rule everybody is shut out', () => {
  expect(shown(closed)).toEqual(['closed: All pods of the cluster', 'closed: Everyone']);
  expect(summary(closed)).toBe('Let in: nobody and no address is open. The server reaches nothing outside.');
});

test('a range is open by the rule and for the reason that the API names', () => {
  const explanation = { ...closed, address: '198.51.100.7', openTo: [range] };
  expect(shown(explanation)).toEqual(['open: 203.0.113.0/24', 'closed: All pods of the cluster', 'closed: Everyone else']);
  expect(lanesIn(explanation)[0]).toMatchObject({ why: 'Entry 1 of the endpoint’s allow-list', rule: 'policy ep-1 ingress[1]' });
  expect(summary(explanation)).toMatch(/^Let in: 203\.0\.113\.0\/24 at 198\.51\.100\.7\./);
});

test('closed parts of an open range are shown as closed', () => {
  const everyone = { ...range, cidr: '0.0.0.0/0', except: ['10.244.0.0/16'] };
  expect(shown({ ...closed, openTo: [everyone] })).toEqual(['open: Everyone (0.0.0.0/0)', 'closed: The cluster’s own addresses', 'closed: All pods of the cluster']);
});

test('pods that are let in leave the others out', () => {
  const pods = { pods: 'all pods of namespace acme', rule: 'policy ep-1 ingress[1]', source: 'endpoint access.inCluster' };
  expect(shown({ ...closed, inCluster: [pods] })).toEqual(['open: All pods of namespace acme', 'closed: All other pods', 'closed: Everyone']);
  expect(shown({ ...closed, inCluster: [{ ...pods, pods: 'every pod' }] })).toEqual(['open: Every pod', 'closed: Everyone']);
});

test('what nobody wrote is marked', () => {
  const unwritten = { ...closed, openTo: [{ ...range, sources: [] }], egress: { reach: 'some' as const, rules: ['policy dns egress[0] to anybody'] } };
  expect(lanesIn(unwritten)[0]).toMatchObject({ isUnwritten: true, why: 'Nobody wrote it.' });
  expect(laneOut(unwritten)).toMatchObject({ state: 'open', isUnwritten: true, rule: 'policy dns egress[0] to anybody' });
});

test.each<[string | string[], string]>([
  [['endpoint access.allowedCidrs[0]', 'endpoint access.allowedCidrs[2]'], 'Entries 1 and 3 of the endpoint’s allow-list'],
  ['endpoint access.allowedCidrs[1]', 'Entry 2 of the endpoint’s allow-list'],
  ['project network.allowedCidrs[0]', 'Entry 1 of the project’s allow-list'],
  ['endpoint access.inCluster', 'The endpoint lets pods of your namespace in'],
  ['something new', 'something new'],
])('%j is said as %j', (source, words) => {
  expect(sourceWords([source].flat())).toBe(words);
});
