import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { PARAMETERS, parameterPatch, parameterRows, parametersOf, rowError } from './parameters';

test('the list is the one that admission knows', () => {
  const crd = parse(readFileSync(new URL('../../../crds/endpoints.yaml', import.meta.url), 'utf8'));
  const { parameters } = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.postgres.properties;
  const rules: { rule: string }[] = parameters['x-kubernetes-validations'];
  const known = rules.flatMap(({ rule }) => [...rule.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name));
  expect(PARAMETERS).toEqual(known);
});

test('a patch holds what differs, and null for what is removed', () => {
  const now = { work_mem: '64MB', jit: 'off', max_connections: '50' };
  expect(parameterPatch(now, { work_mem: '64MB', jit: 'on' })).toEqual({ jit: 'on', max_connections: null });
  expect(parameterPatch(now, now)).toEqual({});
});

test('rows come sorted, and empty ones are left out again', () => {
  const rows = parameterRows({ work_mem: '64MB', jit: 'off' });
  expect(rows.map(({ name }) => name)).toEqual(['jit', 'work_mem']);
  expect(parametersOf([...rows, { name: '', value: '' }])).toEqual({ jit: 'off', work_mem: '64MB' });
});

test.each([
  [{ name: 'work_mem', value: '64MB' }, {}],
  [{ name: '', value: '' }, {}],
  [{ name: 'ssl', value: 'off' }, { name: expect.stringMatching(/cannot be set/) }],
  [{ name: '', value: 'off' }, { name: 'Choose a parameter.' }],
  [{ name: 'jit', value: 'on' }, { name: 'It is set above already.' }],
  [{ name: 'work_mem', value: ' ' }, { value: expect.stringMatching(/^Write a value/) }],
  [{ name: 'work_mem', value: "'; drop" }, { value: expect.stringMatching(/^Write a number/) }],
])('%j gives %j', (row, expected) => {
  expect(rowError(row, [{ name: 'jit', value: 'off' }])).toEqual(expected);
});
