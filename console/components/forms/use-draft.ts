'use client';
// What a person is changing of something that lives on: it follows the present value until they touch it, and
// tells them when that changes under their hands.

import { useState } from 'react';
import { isSame } from '@/lib/api/guarded';

interface Draft<D> {
  value: D;
  set: (change: Partial<D>) => void;
  isDirty: boolean;
  /** Whether the present value has changed since the person began. */
  isOvertaken: boolean;
  /** Goes back to the present value. */
  reset: () => void;
  /** Goes on with the draft, knowing the present value. */
  keep: () => void;
  /** Goes on from what was saved, which may be spelled otherwise than it was written. */
  saved: (value: D) => void;
}

export function useDraft<D extends object>(present: D): Draft<D> {
  const [base, setBase] = useState(present);
  const [value, setValue] = useState(present);
  const isDirty = !isSame(base, value);
  const isBehind = !isSame(base, present);
  const saved = (now: D) => {
    setBase(now);
    setValue(now);
  };
  const reset = () => saved(present);
  // Saved, or changed elsewhere while nothing was touched here. React renders again before anything is shown.
  if (isBehind && (!isDirty || isSame(value, present))) reset();
  return {
    value,
    set: (change) => setValue({ ...value, ...change }),
    isDirty,
    isOvertaken: isBehind && isDirty,
    reset,
    keep: () => setBase(present),
    saved,
  };
}
