// The session of the request that is being answered, for server components and routes.

import 'server-only';
import { cookies } from 'next/headers';
import { cache } from 'react';
import { config } from '@/lib/config';
import { open, SESSION_COOKIE } from './session';

/** Read once for each request. proxy.ts has renewed it already where that was due. */
export const currentSession = cache(async () => open((await cookies()).get(SESSION_COOKIE)?.value, config().secret));
