// Configuration of one installation, from the environment. It is read when the server starts, not when
// the image is built, and checked once: a mistake is told by name before the first request.

import 'server-only';
import { z } from 'zod';

const origin = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.example.com' })
  .refine((text) => new URL(text).href === `${new URL(text).origin}/`, 'must be an origin: no path, query or credentials')
  .transform((text) => new URL(text).origin);

const secureOrigin = origin.refine((text) => text.startsWith('https://'), 'must begin with https://: the cookies are Secure');

const filled = z.string().min(1, 'must not be empty');

const Environment = z
  .object({
    KISENON_API_URL: origin,
    KISENON_CONSOLE_URL: secureOrigin,
    NEXTAUTH_SECRET: z.string().min(32, 'must be 32 characters or more: openssl rand -base64 32'),
    KISENON_CONSOLE_SECRET: z
      .string()
      .regex(/^[\x21-\x7e]{32,}$/, 'must be 32 characters or more, without white space: openssl rand -base64 32')
      .optional(),
    GOOGLE_CLIENT_ID: filled.optional(),
    GOOGLE_CLIENT_SECRET: filled.optional(),
    GITHUB_CLIENT_ID: filled.optional(),
    GITHUB_CLIENT_SECRET: filled.optional(),
    OIDC_NAME: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits and hyphens, as in the API’s configuration')
      .refine((name) => name !== 'google' && name !== 'github', 'is another provider’s name')
      .optional(),
    OIDC_TITLE: filled.optional(),
    OIDC_ISSUER: z.url({ protocol: /^https$/, error: 'must be an https URL' }).optional(),
    OIDC_CLIENT_ID: filled.optional(),
    OIDC_CLIENT_SECRET: filled.optional(),
    KISENON_SECURITY_CONTACT: z
      .url({ protocol: /^(mailto|https)$/, error: 'must be a mailto: or https: URI' })
      .default('mailto:security@kisenon.com'),
  })
  .check(({ value, issues }) => {
    const together = (names: (keyof typeof value)[]) => {
      const given = names.filter((name) => value[name] !== undefined);
      if (given.length === 0 || given.length === names.length) return;
      for (const name of names.filter((name) => value[name] === undefined)) {
        issues.push({ code: 'custom', path: [name], message: `is missing beside ${given.join(', ')}`, input: value });
      }
    };
    together(['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET']);
    together(['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET']);
    together(['OIDC_NAME', 'OIDC_ISSUER', 'OIDC_CLIENT_ID']);
    if (!value.GOOGLE_CLIENT_ID && !value.GITHUB_CLIENT_ID && !value.OIDC_NAME) {
      issues.push({
        code: 'custom',
        path: ['GOOGLE_CLIENT_ID'],
        message: 'is missing, and so are GITHUB_CLIENT_ID and OIDC_NAME: nobody could sign in without one of them',
        input: value,
      });
    }
  });

interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

interface OidcClient {
  /** Its name in the API's configuration, and in the callback's path. */
  name: string;
  /** What people call it. */
  title: string;
  issuer: string;
  clientId: string;
  /** Absent for a public client, which proves itself with PKCE alone. */
  clientSecret?: string | undefined;
}

export interface Config {
  /** Origin of the API, as this server reaches it. */
  apiUrl: string;
  /** Origin of the console, as browsers know it. */
  consoleUrl: string;
  /** What cookies are encrypted with. */
  secret: string;
  /** By which the API takes this console's word for a person's address. Without it all people count as one. */
  apiSecret?: string | undefined;
  google?: OAuthClient | undefined;
  github?: OAuthClient | undefined;
  oidc?: OidcClient | undefined;
  securityContact: string;
}

/** Checks an environment. Throws an error that names every variable to mend. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const name = path.join('.');
      const isMissing = given[name] === undefined && !message.startsWith('is missing');
      return `  ${name} ${isMissing ? 'is missing' : message}`;
    });
    throw new Error(`the console cannot start, its environment is not complete:\n${lines.join('\n')}`);
  }
  const value = parsed.data;
  const client = (clientId?: string, clientSecret?: string) => (clientId && clientSecret ? { clientId, clientSecret } : undefined);
  const { OIDC_NAME: name, OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = value;
  return {
    apiUrl: value.KISENON_API_URL,
    consoleUrl: value.KISENON_CONSOLE_URL,
    secret: value.NEXTAUTH_SECRET,
    apiSecret: value.KISENON_CONSOLE_SECRET,
    google: client(value.GOOGLE_CLIENT_ID, value.GOOGLE_CLIENT_SECRET),
    github: client(value.GITHUB_CLIENT_ID, value.GITHUB_CLIENT_SECRET),
    oidc:
      name && issuer && clientId
        ? { name, issuer, clientId, title: value.OIDC_TITLE ?? name, clientSecret: value.OIDC_CLIENT_SECRET }
        : undefined,
    securityContact: value.KISENON_SECURITY_CONTACT,
  };
}

let current: Config | undefined;

/** The configuration of this process. */
export function config(): Config {
  return (current ??= readConfig(process.env));
}
