// For people whose address is not on the allow-list.

import type { Metadata } from 'next';
import { ButtonLink } from '@/components/button';
import { Notice } from '@/components/site/notice';

export const metadata: Metadata = { title: 'No access yet' };

export default function AccessDeniedPage() {
  return (
    <Notice
      title="No access yet"
      actions={
        <>
          <ButtonLink href="/docs/alpha-access" kind="primary" prefetch={false}>
            How to get access
          </ButtonLink>
          <ButtonLink href="/sign-in" prefetch={false}>
            Sign in with another account
          </ButtonLink>
        </>
      }
    >
      <p>
        You have proved who you are, but the address of that account is not on the allow-list. While Kisenon is in alpha, the allow-list
        decides who may sign in.
      </p>
      <p>Nothing about you was stored.</p>
    </Notice>
  );
}
