// Names of Kubernetes objects as people type them (RFC 1123 labels). Pure.

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The longest names that the API takes. */
export const LONGEST = { project: 52, endpoint: 63 } as const;

/** What to write instead of a name that the API would refuse; nothing if it is fine. */
export function nameError(name: string, longest: number): string | undefined {
  if (name.length > longest) return `Shorten it: ${longest} characters at the most.`;
  if (!NAME.test(name)) return 'Write lower-case letters, digits and hyphens; begin and end with a letter or digit.';
  return undefined;
}
