import { expect, test } from 'vitest';
import { HOME, returnPath, signInPath } from './return-path';

test('a path of the console is returned to, with its query', () => {
  expect(returnPath('/endpoints/ep-1?tab=access#who')).toBe('/endpoints/ep-1?tab=access#who');
});

test.each([
  'https://evil.example/projects',
  '//evil.example',
  '/\\evil.example',
  '/%5Cevil.example/..//evil.example',
  '/..//evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  'projects',
  '/api/v1/me',
  '/sign-in?callbackUrl=/projects',
  '/sign-out',
  '',
])('%j leads home instead', (asked) => {
  expect(returnPath(asked)).toBe(HOME);
});

test('the sign-in page is told where to lead back to, unless that is where it leads anyway', () => {
  expect(signInPath('/projects')).toBe('/sign-in');
  expect(signInPath('/device?user_code=AB-CD')).toBe('/sign-in?callbackUrl=%2Fdevice%3Fuser_code%3DAB-CD');
});
