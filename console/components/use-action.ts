'use client';
// One thing that a person asks for and that takes a while: whether it is being done, and why it was refused.

import { useCallback, useRef, useState } from 'react';
import { asProblem, type Problem } from '@/lib/api/problem';

interface Action<A extends unknown[], T> {
  /** Does it, unless it is being done already. Gives the result, or nothing after a refusal. */
  run: (...input: A) => Promise<T | undefined>;
  pending: boolean;
  /** Why it was refused the last time. */
  problem: Problem | undefined;
  /** Forgets the refusal. */
  reset: () => void;
}

export function useAction<A extends unknown[], T>(deed: (...input: A) => Promise<T>): Action<A, T> {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const isRunning = useRef(false);
  const run = async (...input: A) => {
    if (isRunning.current) return undefined;
    isRunning.current = true;
    setPending(true);
    setProblem(undefined);
    try {
      return await deed(...input);
    } catch (error) {
      setProblem(asProblem(error));
      return undefined;
    } finally {
      isRunning.current = false;
      setPending(false);
    }
  };
  const reset = useCallback(() => setProblem(undefined), []);
  return { run, pending, problem, reset };
}
