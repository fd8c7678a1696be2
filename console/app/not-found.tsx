// An address that no page has.

import type { Metadata } from 'next';
import { NothingHere } from '@/components/site/nothing-here';
import { SiteFrame } from '@/components/site/site-frame';

export const metadata: Metadata = { title: 'Not found' };

export default function NotFound() {
  return (
    <SiteFrame>
      <NothingHere />
    </SiteFrame>
  );
}
