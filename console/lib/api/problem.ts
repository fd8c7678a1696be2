// What is shown of a refusal: the API's problem document, or one of the same form for what went wrong on the way.

import type { components } from './schema';

export type Problem = components['schemas']['Problem'];

/** A problem document as an error, to be thrown where a value was expected. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

/** A problem of the console's own. */
export function problemOf(status: number, code: string, title: string, detail?: string): Problem {
  return { type: `https://kisenon.com/docs/errors#${code}`, title, status, code, detail };
}

/** Whatever was thrown or answered, as a problem document. */
export function asProblem(cause: unknown): Problem {
  if (cause instanceof ApiProblem) return cause.problem;
  if (isProblem(cause)) return cause;
  return problemOf(0, 'unreachable', 'No answer', 'The server could not be reached. Check your connection, then try again.');
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'status' in value;
}

/** The message about one member of a request, for the field that it belongs to. */
export function fieldMessage(problem: Problem | undefined, field: string): string | undefined {
  if (field === 'name' && isNameTaken(problem)) return 'Something of this kind has that name: choose another.';
  return problem?.errors?.find((error) => error.field === field)?.message;
}

/** Whether a refusal is about the name alone, beside which it is told. */
export function isNameTaken(problem: Problem | undefined): boolean {
  return problem?.code === 'name_taken';
}
