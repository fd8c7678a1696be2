'use client';
// Who can reach an endpoint, read again whenever the endpoint changes: the rules in force are not on the stream.

import { useCallback, useEffect, useState } from 'react';
import { asProblem, type Problem } from '@/lib/api/problem';
import type { components } from '@/lib/api/schema';
import { readAccess } from '@/lib/api/writes';

interface Access {
  explanation: components['schemas']['AccessExplanation'] | undefined;
  /** When it was read. */
  readAt: string | undefined;
  problem: Problem | undefined;
  again: () => void;
}

export function useAccess(id: string, version: string): Access {
  const [found, setFound] = useState<Omit<Access, 'again'>>({ explanation: undefined, readAt: undefined, problem: undefined });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    readAccess(id).then(
      (explanation) => isCurrent && setFound({ explanation, readAt: new Date().toISOString(), problem: undefined }),
      (error: unknown) => isCurrent && setFound((before) => ({ ...before, problem: asProblem(error) })),
    );
    return () => {
      isCurrent = false;
    };
  }, [id, version, asked]);
  const again = useCallback(() => setAsked((times) => times + 1), []);
  return { ...found, again };
}
