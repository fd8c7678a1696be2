import { expect, test } from 'vitest';
import { checkList, checkRange, rangesOf, splitPasted } from './allow-list';

test.each(['203.0.113.0/24', '203.0.113.7/32', '255.255.255.255/32', '128.0.0.0/8', ' 203.0.113.0/24 '])('%j is a range', (text) => {
  expect(checkRange(text)).toEqual({ kind: 'good', cidr: text.trim(), addresses: expect.any(Number) });
});

test.each<[string, RegExp, string[]]>([
  ['203.0.113.7', /needs its prefix/, ['203.0.113.7/32']],
  ['203.0.113.7/24', /bits beyond the prefix/, ['203.0.113.0/24', '203.0.113.7/32']],
  ['203.0.113.7/0', /bits beyond the prefix/, ['0.0.0.0/0', '203.0.113.7/32']],
  ['203.0.113.0/33', /from 0 to 32/, ['203.0.113.0/32']],
  ['203.0.113.0/', /from 0 to 32/, ['203.0.113.0/32']],
  ['203.0.113.0/024', /from 0 to 32/, ['203.0.113.0/32']],
  ['2001:db8::/32', /IPv6/, []],
  ['::ffff:203.0.113.7', /IPv6/, []],
  ['203.0.113/24', /not an IPv4 range/, []],
  ['203.0.113.256/32', /not an IPv4 range/, []],
  ['203.0.113.07/32', /not an IPv4 range/, []],
  ['203.0.113.0/24/1', /not an IPv4 range/, []],
  ['everyone', /not an IPv4 range/, []],
  ['169.254.169.254/32', /Link-local/, []],
])('%j is refused, and what to write instead is said', (text, message, instead) => {
  expect(checkRange(text)).toEqual({ kind: 'bad', message: expect.stringMatching(message), instead });
});

test('what was meant is always a range', () => {
  for (const text of ['10.1.2.3/9', '203.0.113.7', '224.1.1.1/3']) {
    const checked = checkRange(text);
    for (const instead of checked.kind === 'bad' ? checked.instead : []) expect(checkRange(instead).kind).toBe('good');
  }
});

test('the whole internet and very wide ranges are worth a second thought', () => {
  expect(checkRange('0.0.0.0/0')).toMatchObject({ kind: 'good', warning: expect.stringMatching(/^Everyone/), addresses: 2 ** 32 });
  expect(checkRange('128.0.0.0/2')).toMatchObject({ kind: 'good', warning: expect.stringContaining('1,073,741,824') });
  expect(checkRange('8.0.0.0/8')).not.toHaveProperty('warning');
});

test('private addresses are told to be private', () => {
  expect(checkRange('10.77.0.20/32')).toMatchObject({ kind: 'good', note: expect.stringMatching(/^Private/) });
  expect(checkRange('172.32.0.0/16')).not.toHaveProperty('note');
});

test('repetition is a mistake, being within another range is not', () => {
  const [first, again, within] = checkList(['203.0.113.0/24', '203.0.113.0/24', '203.0.113.7/32']);
  expect(first?.kind).toBe('good');
  expect(again).toMatchObject({ kind: 'bad', message: expect.stringMatching(/already/) });
  expect(within).toMatchObject({ kind: 'good', note: 'Within 203.0.113.0/24 already.' });
});

test('a list is given only without mistakes, and never empty', () => {
  expect(rangesOf(['203.0.113.0/24', '', '198.51.100.0/24'])).toEqual(['203.0.113.0/24', '198.51.100.0/24']);
  expect(rangesOf(['203.0.113.0/24', 'x'])).toBeUndefined();
  expect(rangesOf(['', ' '])).toBeUndefined();
  expect(rangesOf(Array.from({ length: 65 }, (_, index) => `203.0.113.${index}/32`))).toBeUndefined();
});

test('a pasted text is taken apart', () => {
  expect(splitPasted('203.0.113.0/24, 198.51.100.7/32\n\n192.0.2.1')).toEqual(['203.0.113.0/24', '198.51.100.7/32', '192.0.2.1']);
});
