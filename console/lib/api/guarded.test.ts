import { expect, test } from 'vitest';
import { guarded, isSame } from './guarded';
import { ApiProblem, asProblem, problemOf } from './problem';

const view = (etag: string, cpu = '1') => ({ etag, cpu });

/** A server at this version. */
function server(now: { etag: string; cpu: string }, churn = 0) {
  const writes: string[] = [];
  const write = async (etag: string) => {
    writes.push(etag);
    if (writes.length <= churn || etag !== now.etag) throw new ApiProblem(problemOf(412, 'precondition_failed', 'Changed'));
    return now;
  };
  return { writes, write, read: async () => now };
}

const about = ({ cpu }: { cpu: string }) => cpu;

test('another version with the same value is written to', async () => {
  const { writes, ...rest } = server(view('9'));
  await guarded({ seen: view('1'), about, ...rest });
  expect(writes).toEqual(['1', '9']);
});

test('another value is not written over', async () => {
  const { writes, ...rest } = server(view('9', '2'));
  const error = await guarded({ seen: view('1'), about, ...rest }).catch(asProblem);
  expect(error).toMatchObject({ code: 'precondition_failed', title: expect.stringContaining('meanwhile') });
  expect(writes).toEqual(['1']);
});

test('it gives up in the end, and other refusals are passed on at once', async () => {
  const { writes, ...rest } = server(view('9'), 99);
  await expect(guarded({ seen: view('1'), about, ...rest })).rejects.toThrow();
  expect(writes).toHaveLength(5);
  const refuse = async () => Promise.reject(new ApiProblem(problemOf(409, 'conflict', 'Conflict')));
  await expect(guarded({ seen: view('1'), about, read: rest.read, write: refuse })).rejects.toThrow('Conflict');
});

test('the order of members does not matter, that of items does', () => {
  expect(isSame({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(isSame([1, 2], [2, 1])).toBe(false);
  expect(isSame(undefined, null)).toBe(true);
});
