// What `keon login` asks for at /cli/authorize (RFC 6749 section 4.1.1, RFC 7636), and the one place that it
// may be answered to: a loopback address. Anybody can write such a link, so nothing of it is taken on trust.

export interface CliRequest {
  /** Where keon listens, letter for letter as it was asked. */
  redirectUri: string;
  /** The same without the path: the address and the port. */
  listener: string;
  state: string;
  codeChallenge: string;
  /** Label of the key to be. */
  label: string;
}

export type ReadCliRequest = { request: CliRequest; mistakes?: undefined } | { request?: undefined; mistakes: string[] };

const REDIRECT = /^http:\/\/((?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{3,4}))\/callback$/;
const LOWEST_PORT = 1024;
const HIGHEST_PORT = 65535;
/** VSCHAR of RFC 6749; the length is ours. */
const STATE = /^[\x21-\x7e]{1,512}$/;
/** SHA-256 as base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const LONGEST_LABEL = 128;

/** Reads a request, or says everything that is wrong with it. */
export function readCliRequest(query: URLSearchParams): ReadCliRequest {
  const mistakes: string[] = [];
  const take = (name: string, isGood: (value: string) => boolean, rule: string): string => {
    const values = query.getAll(name);
    const [value = ''] = values;
    if (values.length === 0) mistakes.push(`${name} is missing`);
    else if (values.length > 1) mistakes.push(`${name} is given more than once`);
    else if (!isGood(value)) mistakes.push(`${name} must be ${rule}`);
    return value;
  };
  take('response_type', (value) => value === 'code', 'code');
  const redirectUri = take('redirect_uri', isLoopbackRedirect, 'http://127.0.0.1:<port>/callback or http://[::1]:<port>/callback');
  const state = take('state', (value) => STATE.test(value), '1 to 512 printable characters without spaces');
  const codeChallenge = take('code_challenge', (value) => CHALLENGE.test(value), 'a SHA-256 digest in base64url, 43 characters');
  take('code_challenge_method', (value) => value === 'S256', 'S256');
  const label = take('label', isLabel, '1 to 128 characters without control characters, and no space at either end');
  if (mistakes.length > 0) return { mistakes };
  return { request: { redirectUri, listener: REDIRECT.exec(redirectUri)?.[1] ?? '', state, codeChallenge, label } };
}

/**
 * Whether this is a loopback address, an explicit port and the fixed path. It is compared as text, as the API
 * does: `localhost`, other spellings of the address and whatever a URL parser would mend are refused.
 */
export function isLoopbackRedirect(uri: string): boolean {
  const port = Number(REDIRECT.exec(uri)?.[2]);
  return port >= LOWEST_PORT && port <= HIGHEST_PORT;
}

/** As the API takes labels of keys. */
function isLabel(text: string): boolean {
  const length = [...text].length;
  return length >= 1 && length <= LONGEST_LABEL && text.trim() === text && !/\p{Cc}/u.test(text);
}

/** The person's answer for keon: a code to swap for a key, or that they have refused. */
export function answerUrl({ redirectUri, state }: CliRequest, answer: { code: string } | { error: 'access_denied' }): string {
  return `${redirectUri}?${new URLSearchParams({ ...answer, state })}`;
}
