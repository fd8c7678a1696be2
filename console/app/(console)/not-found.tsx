// A thing of the console that is not there any more, or never was.

import { ButtonLink } from '@/components/button';
import { Notice } from '@/components/site/notice';

export default function NotFound() {
  return (
    <>
      {/* The metadata of a page that is not there come to nothing, those of this file included. */}
      <title>Not found · Kisenon</title>
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
    </>
  );
}
