// What is not there, or not for this person: the two look the same.

import type { Metadata } from 'next';
import { ButtonLink } from '@/components/button';
import { Notice } from '@/components/site/notice';
import { SiteFrame } from '@/components/site/site-frame';
import { currentSession } from '@/lib/session/current';

export const metadata: Metadata = { title: 'Not found' };

export default async function NotFound() {
  const session = await currentSession();
  return (
    <SiteFrame>
      <Notice
        title="Nothing here"
        actions={
          <ButtonLink href={session ? '/projects' : '/'} kind="primary" prefetch={false}>
            {session ? 'To your projects' : 'To the start'}
          </ButtonLink>
        }
      >
        <p>There is no page at this address. What stood here may have been deleted, or the address may be mistyped.</p>
      </Notice>
    </SiteFrame>
  );
}
