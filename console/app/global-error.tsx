'use client';
// When even the frame of pages fails.

import type { FailureProps } from '@/components/site/failure';
import ErrorPage from './error';
import './styles/tokens.css';
import './styles/base.css';

export default function GlobalError(props: FailureProps) {
  return (
    <html lang="en">
      <body>
        <title>Kisenon</title>
        <ErrorPage {...props} />
      </body>
    </html>
  );
}
