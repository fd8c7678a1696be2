// What the credentials of Kisenon look like, wherever they turn up.

/** A session's access token: a signed JWT. */
export const ACCESS_TOKEN = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;
/** A session's refresh token. */
export const REFRESH_TOKEN = /nsr_[\w-]{16,}/;
/** An API key. */
export const API_KEY = /nsk_[0-9A-Za-z]{48}/g;

/** What a text holds of credentials that it may not hold. `shown`: keys that the person was just shown. */
export function secretsIn(text: string, shown: ReadonlySet<string> = new Set()): string[] {
  return [
    ...(ACCESS_TOKEN.test(text) ? ['an access token'] : []),
    ...(REFRESH_TOKEN.test(text) ? ['a refresh token'] : []),
    ...(text.match(API_KEY) ?? []).filter((key) => !shown.has(key)).map((key) => `the API key ${key.slice(0, 14)}…`),
  ];
}
