// A thing of the console that is not there any more, or never was.

import type { Metadata } from 'next';
import { ButtonLink } from '@/components/button';
import { Notice } from '@/components/site/notice';

export const metadata: Metadata = { title: 'Not found' };

export default function NotFound() {
  return (
    <Notice
      title="Nothing here"
      actions={
        <ButtonLink href="/projects" kind="primary">
          To your projects
        </ButtonLink>
      }
    >
      <p>There is no such thing in your tenant. It may have been deleted, or the address may be mistyped.</p>
    </Notice>
  );
}
