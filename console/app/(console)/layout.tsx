// Pages for people who have signed in.

import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { Shell } from '@/components/shell/shell';
import { PATH_HEADER } from '@/lib/api/path-header';
import { signInPath } from '@/lib/security/return-path';
import { currentSession } from '@/lib/session/current';

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const session = await currentSession();
  if (!session) redirect(signInPath((await headers()).get(PATH_HEADER) ?? '/'));
  return (
    <Shell name={session.name} email={session.email}>
      {children}
    </Shell>
  );
}
