import { expect, test } from 'vitest';
import { LONGEST, nameError } from './name';

test.each(['shop', 'shop-main', '1', 'a'.repeat(52)])('%j is a name', (name) => {
  expect(nameError(name, LONGEST.project)).toBeUndefined();
});

test.each(['', 'Shop', '-shop', 'shop-', 'shop_main', 'shop.main', 'läden'])('%j is none', (name) => {
  expect(nameError(name, LONGEST.project)).toMatch(/lower-case/);
});

test('how long it may be is said', () => {
  expect(nameError('a'.repeat(53), LONGEST.project)).toBe('Shorten it: 52 characters at the most.');
});
