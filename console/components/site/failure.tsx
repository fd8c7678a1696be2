'use client';
// What stands in place of a page that could not be made.

import { useEffect } from 'react';
import { Button } from '../button';
import { Notice } from './notice';

export interface FailureProps {
  error: Error & { digest?: string };
  reset: () => void;
}

export function Failure({ error, reset }: FailureProps) {
  useEffect(() => console.error(error), [error]);
  return (
    <Notice
      title="This page failed"
      actions={
        <Button kind="primary" onClick={reset}>
          Try again
        </Button>
      }
    >
      <p>That is a mistake of ours, not of yours. What you have was not changed by it.</p>
      {error.digest && (
        <p>
          If it stays so, report it with the number <code>{error.digest}</code>.
        </p>
      )}
    </Notice>
  );
}
