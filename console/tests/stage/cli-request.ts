// What `keon login` opens the browser at, with a listener that nobody has.

const REQUEST = {
  response_type: 'code',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  state: 'a-state-of-the-story',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  label: 'keon of the story',
};

export function cliRequest(change: Partial<typeof REQUEST> = {}): string {
  return `/cli/authorize?${new URLSearchParams({ ...REQUEST, ...change })}`;
}
