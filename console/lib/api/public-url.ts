// The API's address for people's own tools. This server may reach the API by another one.

import { z } from 'zod';

const Claims = z.object({ iss: z.url() });

/** The issuer of an access token: it is the API's own URL (docs/auth.md, "Sessions"). */
export function publicApiUrl(accessToken: string): string {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString();
  return Claims.parse(JSON.parse(payload)).iss.replace(/\/$/, '');
}
