// After a machine was approved.

import type { Metadata } from 'next';
import Link from 'next/link';
import { Notice } from '@/components/site/notice';

export const metadata: Metadata = { title: 'Machine approved' };

export default function ApprovedPage() {
  return (
    <Notice title="Approved">
      <p>The machine gets its key within a few seconds. You can close this page and go on there.</p>
      <p>
        To take the key back at any time, revoke it under <Link href="/settings/api-keys">API keys</Link>.
      </p>
    </Notice>
  );
}
