// Signing in, with next-auth: it does the dance with the provider, hands the provider's proof to the API
// and keeps the API's tokens in the session cookie. Who may sign in, and for how long, the API decides.

import 'server-only';
import type { Account, NextAuthOptions } from 'next-auth';
import GitHubProvider from 'next-auth/providers/github';
import GoogleProvider from 'next-auth/providers/google';
import type { OAuthConfig } from 'next-auth/providers/oauth';
import { headers } from 'next/headers';
import { anonymousApi } from '@/lib/api/origin';
import type { components } from '@/lib/api/schema';
import { config, type Config } from '@/lib/config';
import { returnPath } from '@/lib/security/return-path';
import { COOKIE_ATTRIBUTES, SESSION_COOKIE, SESSION_SECONDS, seal, sessionFrom, type Session } from '@/lib/session/session';

type SessionTokens = components['schemas']['SessionTokens'];

declare module 'next-auth' {
  interface Account {
    /** What the API gave for the provider's proof. */
    kisenon?: SessionTokens;
  }
}
declare module 'next-auth/jwt' {
  interface JWT extends Partial<Session> {
    sub?: string;
  }
}

/** Where next-auth keeps the path to return to while the person is at the provider. */
export const RETURN_COOKIE = '__Host-kisenon-return';

/** How long a person may take at the provider. */
const AT_PROVIDER = { ...COOKIE_ATTRIBUTES, maxAge: 15 * 60 };

/** A provider that people can choose, as pages show it. */
export interface ProviderChoice {
  id: string;
  title: string;
}

export function providerChoices({ google, github, oidc }: Config): ProviderChoice[] {
  return [
    ...(google ? [{ id: 'google', title: 'Google' }] : []),
    ...(github ? [{ id: 'github', title: 'GitHub' }] : []),
    ...(oidc ? [{ id: oidc.name, title: oidc.title }] : []),
  ];
}

export function authOptions(): NextAuthOptions {
  const { consoleUrl, secret } = config();
  return {
    secret,
    useSecureCookies: true,
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    jwt: { encode: async ({ token }) => seal(token as Session, secret) },
    cookies: {
      sessionToken: { name: SESSION_COOKIE, options: COOKIE_ATTRIBUTES },
      callbackUrl: { name: RETURN_COOKIE, options: COOKIE_ATTRIBUTES },
      csrfToken: { name: '__Host-kisenon-csrf', options: COOKIE_ATTRIBUTES },
      pkceCodeVerifier: { name: '__Host-kisenon-pkce', options: AT_PROVIDER },
      state: { name: '__Host-kisenon-state', options: AT_PROVIDER },
      nonce: { name: '__Host-kisenon-nonce', options: AT_PROVIDER },
    },
    providers: providers(config()),
    pages: { signIn: '/sign-in', error: '/sign-in' },
    callbacks: {
      signIn: async ({ account }) => (account ? exchange(account) : false),
      jwt: async ({ account }) => {
        if (!account?.kisenon) throw new Error('a session begins with an exchange');
        return sessionFrom(account.kisenon);
      },
      // Nothing asks for next-auth's own view of a session; should it ever be served, no token is in it.
      session: async ({ session, token }) => ({ user: { name: token.name, email: token.email }, expires: session.expires }),
      redirect: async ({ url, baseUrl }) => consoleUrl + returnPath(url.startsWith(baseUrl) ? url.slice(baseUrl.length) : url),
    },
    logger: {
      error: (code, cause) => console.error('sign-in:', code, 'message' in cause ? cause.message : cause.error.message),
      warn: (code) => console.warn('sign-in:', code),
      debug: () => {},
    },
  };
}

/** Every provider has a callback of its own, so that the answer of one is never taken for another's. */
function providers({ google, github, oidc }: Config) {
  return [
    ...(google ? [GoogleProvider({ ...google, checks: ['pkce', 'state', 'nonce'] })] : []),
    ...(github ? [GitHubProvider({ ...github, checks: ['pkce', 'state'] })] : []),
    ...(oidc ? [oidcProvider(oidc)] : []),
  ];
}

interface Claims {
  sub: string;
  name?: string;
  email?: string;
}

function oidcProvider({ name, title, issuer, clientId, clientSecret }: NonNullable<Config['oidc']>): OAuthConfig<Claims> {
  return {
    id: name,
    name: title,
    type: 'oauth',
    wellKnown: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    client: { token_endpoint_auth_method: clientSecret ? 'client_secret_basic' : 'none' },
    authorization: { params: { scope: 'openid email profile' } },
    checks: ['pkce', 'state', 'nonce'],
    idToken: true,
    profile: ({ sub, name: fullName, email }) => ({ id: sub, name: fullName, email }),
  };
}

/** Hands the provider's proof to the API. Either the account now holds the API's tokens, or a page says why not. */
async function exchange(account: Account): Promise<true | string> {
  const { consoleUrl } = config();
  const proof = account.provider === 'github' ? { accessToken: account.access_token } : { idToken: account.id_token };
  const forwardedFor = (await headers()).get('x-forwarded-for');
  try {
    const { data, error, response } = await anonymousApi(forwardedFor).POST('/v1/auth/exchange', {
      body: { provider: account.provider, ...proof },
    });
    if (data) {
      account.kisenon = data;
      return true;
    }
    if (error.code === 'access_denied') return `${consoleUrl}/access-denied`;
    console.warn(`the API answered ${response.status} ${error.code} to a sign-in, request ${error.requestId}`);
    return `${consoleUrl}/sign-in?error=${encodeURIComponent(error.code ?? 'unavailable')}`;
  } catch (error) {
    console.warn('the API could not be reached for a sign-in:', error instanceof Error ? error.message : error);
    return `${consoleUrl}/sign-in?error=unavailable`;
  }
}
