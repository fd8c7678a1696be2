// The code that a machine without a browser shows (RFC 8628 section 6.1), as people type it.

/** Consonants alone, as the API makes them: no word comes up and no letter looks like a digit. */
const CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/i;

/** The code as the machine shows it; nothing if it cannot be one. Case, dashes and spaces do not matter. */
export function readUserCode(text: string): string | undefined {
  const letters = text.replace(/[- ]/g, '');
  return CODE.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}`.toUpperCase() : undefined;
}
