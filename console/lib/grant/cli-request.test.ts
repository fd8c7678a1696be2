import { expect, test } from 'vitest';
import { answerUrl, isLoopbackRedirect, readCliRequest } from './cli-request';

const GOOD = {
  response_type: 'code',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  state: 'Zm9v-_bar',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  label: 'keon on laptop',
};
const read = (changes: Record<string, string | undefined> = {}) =>
  readCliRequest(new URLSearchParams(Object.entries({ ...GOOD, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined)));

test('C2: every high port of a literal loopback address is taken', () => {
  for (const host of ['127.0.0.1', '[::1]']) {
    for (const port of [1024, 8080, 49152, 65535]) expect(isLoopbackRedirect(`http://${host}:${port}/callback`)).toBe(true);
  }
});

test.each([
  '',
  'http://127.0.0.1/callback',
  'http://127.0.0.1:/callback',
  'http://127.0.0.1:80/callback',
  'http://127.0.0.1:1023/callback',
  'http://127.0.0.1:65536/callback',
  'http://127.0.0.1:99999/callback',
  'http://127.0.0.1:08080/callback',
  'http://127.0.0.1:+8080/callback',
  'http://127.0.0.1:8080.5/callback',
  'http://127.0.0.1:8e4/callback',
  'http://127.0.0.1:0x1f90/callback',
  'http://127.0.0.1:8080',
  'http://127.0.0.1:8080/',
  'http://127.0.0.1:8080/callback/',
  'http://127.0.0.1:8080/Callback',
  'http://127.0.0.1:8080//callback',
  'http://127.0.0.1:8080/../callback',
  'http://127.0.0.1:8080/%63allback',
  'http://127.0.0.1:8080/callback?next=https://evil.example',
  'http://127.0.0.1:8080/callback#fragment',
  'http://127.0.0.1:8080/callback;x',
  'http://user@127.0.0.1:8080/callback',
  'http://user:pass@127.0.0.1:8080/callback',
  'http://127.0.0.1:8080@evil.example/callback',
  'http://evil.example/http://127.0.0.1:8080/callback',
  'http://evil.example?http://127.0.0.1:8080/callback',
  'http://evil.example#http://127.0.0.1:8080/callback',
  'http://127.0.0.1:8080\\@evil.example/callback',
  'http:\\\\127.0.0.1:8080\\callback',
  'http:/127.0.0.1:8080/callback',
  'http:127.0.0.1:8080/callback',
  '//127.0.0.1:8080/callback',
  'http://127.0.0.1.evil.example:8080/callback',
  'http://127.0.0.1%2eevil.example:8080/callback',
  'http://localhost:8080/callback',
  'http://LOCALHOST:8080/callback',
  'http://localhost.:8080/callback',
  'http://127.1:8080/callback',
  'http://127.0.0.2:8080/callback',
  'http://127.0.0.01:8080/callback',
  'http://2130706433:8080/callback',
  'http://0x7f000001:8080/callback',
  'http://0177.0.0.1:8080/callback',
  'http://0.0.0.0:8080/callback',
  'http://[::]:8080/callback',
  'http://[::ffff:127.0.0.1]:8080/callback',
  'http://[0:0:0:0:0:0:0:1]:8080/callback',
  'http://[::1%25lo]:8080/callback',
  'http://::1:8080/callback',
  'http://１２７.0.0.1:8080/callback',
  'http://127。0。0。1:8080/callback',
  'http://127.0.0.1:８０８０/callback',
  'https://127.0.0.1:8080/callback',
  'HTTP://127.0.0.1:8080/callback',
  'ftp://127.0.0.1:8080/callback',
  'javascript://127.0.0.1:8080/callback',
  'javascript:alert(1)//http://127.0.0.1:8080/callback',
  'data:text/html,http://127.0.0.1:8080/callback',
  'view-source:http://127.0.0.1:8080/callback',
  ' http://127.0.0.1:8080/callback',
  'http://127.0.0.1:8080/callback ',
  'http://127.0.0.1:8080/callback\n',
  'http://127.0.0.1:8080/callback\r\nSet-Cookie: a=b',
  'https://evil.example/\nhttp://127.0.0.1:8080/callback',
  'http://127.0.0.1:8080\t/callback',
  'http://127.0.0.1:8080/callback\0',
])('C2, C7: a redirect to %j is refused', (redirect_uri) => {
  expect(isLoopbackRedirect(redirect_uri)).toBe(false);
  expect(read({ redirect_uri }).request).toBeUndefined();
});

test('what keon sends is read as it is', () => {
  expect(read().request).toEqual({
    redirectUri: GOOD.redirect_uri,
    listener: '127.0.0.1:49152',
    state: GOOD.state,
    codeChallenge: GOOD.code_challenge,
    label: GOOD.label,
  });
});

test.each(Object.keys(GOOD))('without %s there is no request, and the mistake has its name', (name) => {
  expect(read({ [name]: undefined }).mistakes).toEqual([`${name} is missing`]);
});

test.each(Object.keys(GOOD))('%s given twice is refused, whichever is meant', (name) => {
  const query = new URLSearchParams(GOOD);
  query.append(name, GOOD[name as keyof typeof GOOD]);
  expect(readCliRequest(query).mistakes).toEqual([`${name} is given more than once`]);
});

test.each([
  ['response_type', 'token'],
  ['state', ''],
  ['state', 'a b'],
  ['state', 'a\r\nb'],
  ['state', 'x'.repeat(513)],
  ['code_challenge', 'short'],
  ['code_challenge', `${GOOD.code_challenge}=`],
  ['code_challenge', GOOD.code_challenge.replace('-', '+')],
  ['code_challenge_method', 'plain'],
  ['code_challenge_method', 's256'],
  ['label', ''],
  ['label', ' keon'],
  ['label', 'keon\u001b[2J'],
  ['label', 'keon\u0085'],
  ['label', 'x'.repeat(129)],
])('%s %j is refused', (name, value) => {
  expect(read({ [name]: value }).mistakes).toHaveLength(1);
});

test('a label may be long in bytes', () => {
  expect(read({ label: '🦫'.repeat(128) }).request?.label).toHaveLength(256);
});

test('the answer goes to the address that was checked, and what it carries cannot change it', () => {
  const { request } = read({ state: 'a&b=c#d?e/../@evil' });
  if (!request) throw new Error('the request is good');
  const answer = new URL(answerUrl(request, { code: 'a&state=forged#' }));
  expect(answer.origin + answer.pathname).toBe(GOOD.redirect_uri);
  expect([...answer.searchParams]).toEqual([
    ['code', 'a&state=forged#'],
    ['state', 'a&b=c#d?e/../@evil'],
  ]);
  expect(answerUrl(request, { error: 'access_denied' })).toMatch(/^http:\/\/127\.0\.0\.1:49152\/callback\?error=access_denied&state=/);
});
