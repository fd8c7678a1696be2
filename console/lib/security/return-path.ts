// Where a person goes after signing in. It comes from the address bar, so it may be anything:
// only a path of this very console is taken, never another host.

export const HOME = '/projects';

/** Paths that are not places to come back to. */
const NOT_PLACES = /^\/(api|sign-in|sign-out|access-denied)(\/|$)/;

/** The path to return to, or the console's first page where it is not one of ours. */
export function returnPath(asked: string | null | undefined): string {
  if (!asked || !/^\/(?![/\\])/.test(asked) || /[\u0000-\u001f\\]/.test(asked)) return HOME;
  const base = 'https://console.invalid';
  const url = URL.canParse(asked, base) ? new URL(asked, base) : null;
  if (url?.origin !== base || url.pathname.startsWith('//') || NOT_PLACES.test(url.pathname)) return HOME;
  return url.pathname + url.search + url.hash;
}

/** The sign-in page, which leads back to `path`. */
export function signInPath(path: string): string {
  const back = returnPath(path);
  return back === HOME ? '/sign-in' : `/sign-in?callbackUrl=${encodeURIComponent(back)}`;
}
