import { expect, test } from 'vitest';
import { readUserCode } from './user-code';

test.each(['WDJB-MJHT', 'wdjbmjht', 'wd-jb-mj-ht', ' WDJB MJHT '])('%j is a code', (text) => {
  expect(readUserCode(text)).toBe('WDJB-MJHT');
});

test.each(['', 'WDJB-MJH', 'WDJB-MJHTT', 'ADJB-MJHT', '0DJB-MJHT', 'WDJB_MJHT', 'WDJB-MJHT\n', 'WDJB-MJHſ', '../../me'])('%j is none', (text) => {
  expect(readUserCode(text)).toBeUndefined();
});
