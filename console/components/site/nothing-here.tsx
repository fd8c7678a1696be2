// What is said of an address that leads to nothing, or to nothing for this person: the two look the same.

import { currentSession } from '@/lib/session/current';
import { ButtonLink } from '../button';
import { Notice } from './notice';

export async function NothingHere() {
  const session = await currentSession();
  return (
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
  );
}
