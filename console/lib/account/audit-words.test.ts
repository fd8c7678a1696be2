import { expect, test } from 'vitest';
import { deedOf, moreOf, targetOf } from './audit-words';

const target = (kind: string, name?: string) => ({ kind, id: `${kind}-1`, name });

test('a deed is told in words, and one that is not known as the API calls it', () => {
  expect(deedOf({ action: 'endpoint.suspend', target: target('endpoint') })).toBe('Suspended an endpoint');
  expect(deedOf({ action: 'manifest.create', target: target('api-key') })).toBe('Created an API key from YAML');
  expect(deedOf({ action: 'manifest.update', target: target('project') })).toBe('Changed a project by YAML');
  expect(deedOf({ action: 'quota.raise', target: target('tenant') })).toBe('quota.raise');
});

test('what it was done to has its name, else its id', () => {
  expect(targetOf({ target: target('project', 'shop') })).toBe('shop');
  expect(targetOf({ target: target('project') })).toBe('project-1');
  expect(targetOf({ target: target('session') })).toBeUndefined();
});

test.each([
  ['session.begin', { provider: 'github' }, 'with GitHub'],
  ['session.begin', { provider: 'dev' }, 'with dev'],
  ['project.update', { fields: ['quota', 'network'] }, 'quota, network'],
  ['api-key.revoke', { ended: ['api-key-1'] }, undefined],
  ['api-key.revoke', { ended: ['api-key-1', 'api-key-2'] }, 'and one key made with it'],
  ['api-key.revoke', { ended: ['api-key-1', 'b', 'c'] }, 'and 2 keys made with it'],
  ['api-key.create', { prefix: 'nsk_4fQ0sT9bZx' }, 'nsk_4fQ0sT9bZx…'],
  ['endpoint.delete', undefined, undefined],
  ['endpoint.delete', { fields: [1, null] }, undefined],
])('%s with %j: %j', (action, detail, expected) => {
  expect(moreOf({ action, detail, target: target('api-key') })).toBe(expected);
});
