// The landing page: what Kisenon is. Server components alone, so that it is there at once.

import type { Metadata } from 'next';
import Link from 'next/link';
import { ButtonLink } from '@/components/button';
import { currentSession } from '@/lib/session/current';
import styles from './landing.module.css';
import { Perimeter } from './perimeter';
import { WAYS } from './ways';

export const metadata: Metadata = { title: { absolute: 'Kisenon: Postgres endpoints behind their own perimeter' } };

export default async function LandingPage({ searchParams }: PageProps<'/'>) {
  const isHalfSignedOut = (await searchParams)['signed-out'] === 'here';
  return (
    <div className={styles.page}>
      {isHalfSignedOut && (
        <p role="status" className={styles.notice}>
          You are signed out in this browser. The API did not answer, so the session ends by itself there, 12 hours after it began at the latest.
        </p>
      )}
      <Hero />
      <Ways />
      <Promises />
    </div>
  );
}

async function Hero() {
  const session = await currentSession();
  return (
    <section className={styles.hero}>
      <div className={styles.words}>
        <h1 className={styles.title}>Postgres endpoints, each behind its own network perimeter</h1>
        <p className={styles.lead}>
          Kisenon turns a short declaration into a Postgres server on your Kubernetes cluster, with an address that only the networks you name
          can reach. No address opens before packets have shown that its perimeter holds.
        </p>
        <div className={styles.actions}>
          {session ? (
            <ButtonLink href="/projects" kind="primary" prefetch={false}>
              Open console
            </ButtonLink>
          ) : (
            <ButtonLink href="/sign-in" kind="primary" prefetch={false}>
              Sign in
            </ButtonLink>
          )}
          <ButtonLink href="/docs/auth" prefetch={false}>
            Read the docs
          </ButtonLink>
        </div>
        <p className={styles.alpha}>
          In alpha: sign-in is by allow-list.{' '}
          <Link href="/docs/alpha-access" prefetch={false}>
            Ask for access
          </Link>
        </p>
      </div>
      <Perimeter />
    </section>
  );
}

function Ways() {
  return (
    <section aria-labelledby="ways" className={styles.section}>
      <h2 id="ways">One state, whichever way you go</h2>
      <p className={styles.sub}>
        Projects, endpoints and API keys are Kubernetes resources. A manifest in Git, the command line, the HTTP API and this console all write
        the same objects, so none of them is behind another.
      </p>
      <ul className={styles.ways}>
        {WAYS.map(({ name, code }) => (
          <li key={name} className={styles.way}>
            <h3 className={styles.wayName}>{name}</h3>
            <pre tabIndex={0} role="region" aria-label={name}>
              <code>{code}</code>
            </pre>
          </li>
        ))}
      </ul>
    </section>
  );
}

const PROMISES = [
  {
    title: 'Observed, not declared',
    text: 'Before an address opens, probes try to get through the perimeter of that very endpoint. What they saw stands in its status, and they keep looking.',
  },
  {
    title: 'Closed until you say so',
    text: 'An allow-list names the networks that may connect; everything else is dropped. The console shows who can reach an endpoint, and by which rule.',
  },
  {
    title: 'One key for every tool',
    text: 'The same API key drives keon, a CI job or a single curl. It is shown once, only its hash is kept, and revoking it takes effect at once on every replica.',
  },
  {
    title: 'Suspended, not lost',
    text: 'Suspend an endpoint and it gives back processor and memory, but keeps its data and its address. Resume it, and clients connect as before.',
  },
];

function Promises() {
  return (
    <section aria-labelledby="promises" className={styles.section}>
      <h2 id="promises">What it holds itself to</h2>
      <ul className={styles.promises}>
        {PROMISES.map(({ title, text }) => (
          <li key={title}>
            <h3>{title}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
