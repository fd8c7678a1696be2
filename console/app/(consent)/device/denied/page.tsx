// After a machine was denied.

import type { Metadata } from 'next';
import { Notice } from '@/components/site/notice';

export const metadata: Metadata = { title: 'Machine denied' };

export default function DeniedPage() {
  return (
    <Notice title="Denied">
      <p>The machine gets no key, and its code is void. You can close this page.</p>
      <p>If somebody sent you that code, they wanted to act in your name: tell whoever runs this installation.</p>
    </Notice>
  );
}
