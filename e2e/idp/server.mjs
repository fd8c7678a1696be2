// The identity provider of the local cluster: it stands where Google stands, and signs in whoever
// says who they are. There is no password, so it is for development and tests only: it serves one
// private address and refuses any other, keeps nothing on disk and gives up root once it listens.
//
//   node server.mjs --address IP --port PORT --certificate FILE --key FILE --signing-key FILE --redirect URI…

import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { BlockList } from 'node:net';
import { parseArgs } from 'node:util';
import Provider, { interactionPolicy } from 'oidc-provider';

const CLIENT = 'kisenon-console';
const LONGEST_EMAIL = 254;
const NOBODY = 65534;

const { values: options } = parseArgs({
  options: {
    address: { type: 'string' },
    port: { type: 'string' },
    certificate: { type: 'string' },
    key: { type: 'string' },
    'signing-key': { type: 'string' },
    redirect: { type: 'string', multiple: true },
  },
});

// === Accounts: an address is all there is ===

const emails = new Map(); // by subject

/** The account of an address. Its subject is a pure function of it, so it outlives a restart. */
function accountOf(email) {
  const subject = createHash('sha256').update(email).digest('hex').slice(0, 24);
  emails.set(subject, email);
  return subject;
}

async function findAccount(_context, subject) {
  const email = emails.get(subject);
  if (email === undefined) return undefined;
  const claims = { sub: subject, email, email_verified: true, name: email.split('@')[0] };
  return { accountId: subject, claims: async () => claims };
}

/** What the client gets without being asked for, since the policy below asks nobody for consent. */
async function loadExistingGrant({ oidc }) {
  const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}

// === The page ===

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

function page(message, email = '') {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Kisenon development sign-in</title>
<style>body { font: 1rem/1.5 system-ui; max-width: 26rem; margin: 4rem auto; padding: 0 1rem }
input, button { font: inherit; width: 100%; padding: .5rem; margin: .25rem 0; box-sizing: border-box }</style>
<h1>Development sign-in</h1>
<p>For the local cluster only: any address signs in, and no password is asked for.</p>
<form method="post"><label for="email">E-mail</label>
<input id="email" name="email" type="email" required autofocus value="${escape(email)}">
<button>Sign in</button></form>
<p role="alert">${escape(message)}</p>
</html>`;
}

function answer(response, status, body) {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  };
  response.writeHead(status, headers).end(body);
}

async function form(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > 4096) throw new Error('the form is too long');
  }
  return new URLSearchParams(body);
}

/** The one step between the start of a sign-in and its end: who is it? */
async function interact(provider, request, response) {
  try {
    const { params } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') return answer(response, 200, page('', params.login_hint));
    const email = ((await form(request)).get('email') ?? '').trim().toLowerCase();
    if (email.length > LONGEST_EMAIL || !/^[^\s@]+@[^\s@]+$/.test(email)) {
      return answer(response, 400, page('That is not an e-mail address.', email.slice(0, LONGEST_EMAIL)));
    }
    return await provider.interactionFinished(request, response, { login: { accountId: accountOf(email) } });
  } catch (error) {
    return answer(response, 400, page(`This sign-in cannot go on: ${error.message}. Start again where you came from.`));
  }
}

// === The server ===

const issuer = `https://${options.address}:${options.port}`;
const isPrivate = new BlockList();
for (const [network, bits] of [['10.0.0.0', 8], ['127.0.0.0', 8]]) isPrivate.addSubnet(network, bits);
if (!isPrivate.check(options.address)) throw new Error(`${options.address} is not a private address`);

const signing = createPrivateKey(readFileSync(options['signing-key'])).export({ format: 'jwk' });
const policy = interactionPolicy.base();
policy.remove('consent');
const provider = new Provider(issuer, {
  clients: [{
    client_id: CLIENT,
    // Native: its loopback redirects may have any port (RFC 8252). Public: PKCE in place of a secret.
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: options.redirect,
  }],
  jwks: { keys: [{ ...signing, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  // In the id token itself: the one thing that the API is given.
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  features: { devInteractions: { enabled: false } },
  interactions: { policy, url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount,
  loadExistingGrant,
});

const handle = provider.callback();
const tls = { cert: readFileSync(options.certificate), key: readFileSync(options.key) };
createServer(tls, (request, response) => {
  if (request.url.startsWith('/interaction/')) return interact(provider, request, response);
  return handle(request, response);
}).listen(Number(options.port), options.address, () => {
  if (process.getuid() === 0) {
    process.setgroups([]);
    process.setgid(NOBODY);
    process.setuid(NOBODY);
  }
  console.log(`development identity provider at ${issuer}, for the local cluster only`);
});
