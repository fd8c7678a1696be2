import { expect, test } from 'vitest';
import { bytes, cpuWords, isLess, milli, quantityError, sizeWords, sum } from './quantity';

test.each<[string, bigint | undefined]>([
  ['500m', 500n],
  ['1.5', 1500n],
  ['1Gi', 1000n << 30n],
  ['1.5Gi', 1500n << 30n],
  ['2k', 2_000_000n],
  ['0', 0n],
  ['0.0001', 1n],
  ['', undefined],
  ['Gi', undefined],
  ['-1', undefined],
  ['1 Gi', undefined],
  ['1GiB', undefined],
  ['1e3', undefined],
  ['9999999999999999', undefined],
])('%j is %s thousandths', (text, expected) => {
  expect(milli(text)).toBe(expected);
});

test('bounds are said with an example', () => {
  const bounds = { least: '128Mi', most: '256Gi', example: '1Gi' };
  expect(quantityError('512Mi', bounds)).toBeUndefined();
  expect(quantityError('64Mi', bounds)).toBe('Write 128Mi to 256Gi, such as 1Gi.');
  expect(quantityError('512', bounds)).toBe('Write 128Mi to 256Gi, such as 1Gi.');
  expect(quantityError('1 GB', bounds)).toBe('Write a number with its unit, such as 1Gi.');
});

test('sizes are compared by what they mean', () => {
  expect(isLess('1000Mi', '1Gi')).toBe(true);
  expect(isLess('1024Mi', '1Gi')).toBe(false);
  expect(isLess('much', '1Gi')).toBe(false);
});

test('sums are exact', () => {
  expect(sum(['500m', '1', 'x'])).toBe(1500n);
  expect(bytes(sum(['16Ti', '1Gi']))).toBe('16 TiB');
});

test('amounts are said as people say them', () => {
  expect(cpuWords('500m')).toBe('0.5 CPU');
  expect(cpuWords('2')).toBe('2 CPU');
  expect(sizeWords('512Mi')).toBe('512 MiB');
  expect(sizeWords('1536Mi')).toBe('1.5 GiB');
  expect(sizeWords('0')).toBe('0');
  expect(sizeWords('500')).toBe('500 B');
  expect(sizeWords('a lot')).toBe('a lot');
});
