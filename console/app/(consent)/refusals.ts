// What is said when the API did not do what a person has agreed to. Only its kind is in the address.

const WORDS: Record<string, string> = {
  rate_limited: 'There were too many tries. Wait a minute, then try again.',
  unavailable: 'Kisenon does not answer just now. Nothing was done: try again in a moment.',
  account_changed: 'You have signed in with another account since this page was opened. Look at the account below, then decide again.',
  not_found: 'No machine waits with this code. It may be mistyped, used, or older than 15 minutes: then start again on the machine.',
};

/** A sentence for a kind of refusal that stands in the address. */
export function refusalWords(kind: string | string[] | undefined): string | undefined {
  if (typeof kind !== 'string') return undefined;
  return WORDS[kind] ?? 'It was not done. Try again; if it stays so, start again.';
}
