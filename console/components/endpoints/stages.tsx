// The way of an endpoint from its policy to a server that answers, as it goes, with the evidence.

import { Check, CircleDashed, X } from 'lucide-react';
import type { Things } from '@/lib/live/state';
import { stagesOf, type Stage } from '@/lib/words/stages';
import { Section } from '../detail/section';
import { Time } from '../time';
import styles from './stages.module.css';

const WORDS: Record<Stage['state'], string> = { done: 'Done', active: 'At work', waiting: 'Waiting', failed: 'Stopped here' };

export function Stages({ endpoint }: { endpoint: Things['endpoint'] }) {
  const stages = stagesOf(endpoint);
  const current = stages.find(({ state }) => state === 'active' || state === 'failed');
  const isSuspended = endpoint.desiredState === 'Suspended';
  return (
    <Section title={current && !isSuspended ? 'Coming up' : 'How it came up'} description="Nothing is opened before packets have shown that the perimeter holds.">
      <p className="only-heard" role="status">
        {current ? `${current.title}: ${WORDS[current.state]}` : 'All stages are done'}
      </p>
      <ol className={styles.stages}>
        {stages.map(({ title, state, detail, at }) => {
          const shown = state === 'active' && isSuspended ? 'waiting' : state;
          return (
            <li key={title} className={`${styles.stage} ${styles[shown]}`} aria-current={shown === 'active' ? 'step' : undefined}>
              <span className={styles.mark}>
                <Mark state={shown} />
              </span>
              <div className={styles.words}>
                <p className={styles.title}>
                  {title}
                  <span className="only-heard">: {WORDS[shown]}</span>
                </p>
                <p className={styles.detail}>{detail}</p>
              </div>
              {at && (
                <p className={styles.at}>
                  <Time at={at} />
                </p>
              )}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}

function Mark({ state }: { state: Stage['state'] }) {
  if (state === 'done') return <Check aria-hidden />;
  if (state === 'failed') return <X aria-hidden />;
  return state === 'active' ? <span className={styles.spinner} aria-hidden /> : <CircleDashed aria-hidden />;
}
