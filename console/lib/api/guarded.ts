// Changes to something that may have changed since it was read (If-Match). The operator writes to it as well, so
// another version alone is no conflict: only another value of what the person has looked at is.

import { ApiProblem, asProblem, problemOf } from './problem';

interface Guarded<V> {
  /** What the person has looked at. */
  seen: V;
  /** The part of it that is to be changed. */
  about: (view: V) => unknown;
  read: () => Promise<V>;
  write: (etag: string) => Promise<V>;
}

/** The operator writes a few times in a row at most. */
const ATTEMPTS = 5;

export async function guarded<V extends { etag: string }>({ seen, about, read, write }: Guarded<V>): Promise<V> {
  let { etag } = seen;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(etag);
    } catch (error) {
      if (asProblem(error).code !== 'precondition_failed' || attempt === ATTEMPTS) throw error;
    }
    const fresh = await read();
    if (!isSame(about(fresh), about(seen))) throw new ApiProblem(changedMeanwhile);
    etag = fresh.etag;
  }
}

/** Whether two pieces of JSON say the same, whatever the order of their members. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([x], [y]) => (x < y ? -1 : 1)))
      : (member ?? null),
  );
}

const changedMeanwhile = problemOf(
  412,
  'precondition_failed',
  'Somebody else has changed this meanwhile',
  'Nothing was saved. Compare with what is there now, then save again or take it over.',
);
