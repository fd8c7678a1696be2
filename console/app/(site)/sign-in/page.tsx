// Choosing whom to sign in with.

import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Notice } from '@/components/site/notice';
import { apiFor } from '@/lib/api/origin';
import { providerChoices, RETURN_COOKIE } from '@/lib/auth';
import { config } from '@/lib/config';
import { HOME, returnPath } from '@/lib/security/return-path';
import { currentSession } from '@/lib/session/current';
import styles from './sign-in.module.css';
import { SignInButtons } from './sign-in-buttons';

export const metadata: Metadata = { title: 'Sign in' };

/** What went wrong, by next-auth's words and the API's codes. */
const MESSAGES: Record<string, string> = {
  Callback: 'The sign-in was not finished. Try again, and stay on the provider’s page until it sends you back.',
  OAuthSignin: 'The provider could not be reached. Try again in a moment.',
  OAuthCallback: 'The provider’s answer did not belong to a sign-in begun here, or came too late. Try again.',
  invalid_proof: 'What the provider said of you was not accepted, often because it came too late. Try again.',
  rate_limited: 'There were too many sign-ins from your network. Wait a minute, then try again.',
  unavailable: 'Kisenon does not answer just now. Try again in a moment.',
};

export default async function SignInPage({ searchParams }: PageProps<'/sign-in'>) {
  const { callbackUrl, error } = await searchParams;
  const back = returnPath(await asked(callbackUrl, error));
  if (!error && (await isSignedIn())) redirect(back);
  const message = typeof error === 'string' ? (MESSAGES[error] ?? 'The sign-in did not work. Try again.') : undefined;
  return (
    <Notice title="Sign in to Kisenon">
      {message && (
        <p role="alert" className={styles.alert}>
          {message}
        </p>
      )}
      {!message && back !== HOME && <p>You will be back where you were.</p>}
      <SignInButtons providers={providerChoices(config())} callbackUrl={back} />
      <p>
        Kisenon is in alpha: your address must be let in first.{' '}
        <Link href="/docs/alpha-access" prefetch={false}>
          How to get access
        </Link>
      </p>
    </Notice>
  );
}

/** After a failed sign-in the path to return to is only known from next-auth's cookie. */
async function asked(callbackUrl: string | string[] | undefined, error: string | string[] | undefined) {
  if (typeof callbackUrl === 'string') return callbackUrl;
  const kept = error ? (await cookies()).get(RETURN_COOKIE)?.value : undefined;
  const { consoleUrl } = config();
  return kept?.startsWith(`${consoleUrl}/`) ? kept.slice(consoleUrl.length) : undefined;
}

/** The API is asked, not the cookie alone: a session may have ended elsewhere, and that would lead in circles. */
async function isSignedIn(): Promise<boolean> {
  const session = await currentSession();
  if (!session) return false;
  return apiFor(session.accessToken, null)
    .GET('/v1/me')
    .then(
      ({ response }) => response.ok,
      () => false,
    );
}
