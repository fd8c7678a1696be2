'use client';
// A page that could not be made, with nothing around it.

import { Failure, type FailureProps } from '@/components/site/failure';

export default function ErrorPage(props: FailureProps) {
  return (
    <main id="main">
      <Failure {...props} />
    </main>
  );
}
