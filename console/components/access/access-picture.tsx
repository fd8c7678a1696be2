'use client';
// The picture of who can reach an endpoint and why: sources at the left, the rule that decides, the endpoint at the
// right. It is a list with drawings beside its text, so that everybody reads the same.

import { Boxes, Database, Globe, Network, RefreshCw, ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react';
import { laneOut, lanesIn, summary, type Lane } from '@/lib/access/lanes';
import type { components } from '@/lib/api/schema';
import type { Things } from '@/lib/live/state';
import { sentence } from '@/lib/words/sentence';
import { Button } from '../button';
import { Section } from '../detail/section';
import { ErrorNote } from '../error-note';
import { Time } from '../time';
import styles from './access-picture.module.css';
import { useAccess } from './use-access';
import { Way } from './way';

type Explanation = components['schemas']['AccessExplanation'];

export function AccessPicture({ endpoint }: { endpoint: Things['endpoint'] }) {
  const { explanation, readAt, problem, again } = useAccess(endpoint.id, endpoint.etag);
  return (
    <Section
      title="Who can reach it, and why"
      description="Read from the rules that are in force in the cluster, not from what was written."
      actions={
        <Button small onClick={again}>
          <RefreshCw aria-hidden />
          Look again
        </Button>
      }
    >
      {problem && <ErrorNote problem={problem} />}
      {explanation ? <Picture endpoint={endpoint} explanation={explanation} /> : <div className={styles.kept} aria-busy={!problem} />}
      {readAt && (
        <p className={styles.small}>
          Looked at <Time at={readAt} />.
        </p>
      )}
    </Section>
  );
}

function Picture({ endpoint, explanation }: { endpoint: Things['endpoint']; explanation: Explanation }) {
  const out = laneOut(explanation);
  return (
    <>
      <figure className={styles.picture}>
        <figcaption className="only-heard">{summary(explanation)}</figcaption>
        <ul className={styles.lanes} aria-label="Who is let in, and who is not">
          {lanesIn(explanation).map((lane) => (
            <LaneRow key={lane.key} lane={lane} />
          ))}
        </ul>
        <div className={styles.endpoint}>
          <Database aria-hidden />
          <p className={styles.name}>{endpoint.name}</p>
          <p className={styles.small}>{explanation.address ? <code>{explanation.address}:5432</code> : 'No address is open'}</p>
        </div>
        <div className={styles.out}>
          <p className={styles.direction}>What it can reach itself</p>
          <LaneRow lane={out} as="div" />
        </div>
      </figure>
      <Evidence isolation={explanation.isolation} />
      <Differences of={explanation.differences} />
      {explanation.notes.length > 0 && (
        <ul className={styles.notes}>
          {explanation.notes.map((note) => (
            <li key={note}>{sentence(note)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

const ICONS = { range: Network, pods: Boxes, everyone: Globe };

function LaneRow({ lane, as: Element = 'li' }: { lane: Lane; as?: 'li' | 'div' }) {
  const { who, kind, state, why, rule, isUnwritten } = lane;
  const Icon = ICONS[kind];
  return (
    <Element className={`${styles.lane} ${styles[state]} ${isUnwritten ? styles.unwritten : ''}`}>
      <p className={styles.who}>
        <Icon aria-hidden />
        <span>{who}</span>
      </p>
      <Way state={state} className={styles.way} />
      <div className={styles.rule}>
        <p>
          <strong>{state === 'open' ? 'Open' : 'Closed'}</strong>
          <span className="only-heard">: </span> {sentence(why)}
        </p>
        {rule && (
          <p className={styles.small}>
            <code>{rule}</code>
          </p>
        )}
      </div>
      <Way state={state} end className={styles.way} />
    </Element>
  );
}

function Evidence({ isolation: { verified, message, at } }: Pick<Explanation, 'isolation'>) {
  return (
    <div className={`${styles.evidence} ${verified ? styles.verified : styles.unverified}`}>
      {verified ? <ShieldCheck aria-hidden /> : <ShieldAlert aria-hidden />}
      <div>
        <p className={styles.name}>{verified ? 'Packets have shown that it is enforced' : 'It is not shown yet that it is enforced'}</p>
        <p>{sentence(message)}</p>
        {at && (
          <p className={styles.small}>
            Since <Time at={at} />
          </p>
        )}
      </div>
    </div>
  );
}

function Differences({ of }: { of: Explanation['differences'] }) {
  if (of.length === 0) return <p className={styles.small}>What is in force is exactly what was written.</p>;
  return (
    <div className={styles.differences} role="alert">
      <TriangleAlert aria-hidden />
      <div>
        <p className={styles.name}>What is in force differs from what was written</p>
        <ul>
          {of.map(({ kind, message }) => (
            <li key={message}>
              <strong>{kind === 'openButNotWritten' ? 'Open, though nobody wrote it:' : 'Written, and not open:'}</strong> {sentence(message)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
