'use client';
// How something is, aspect by aspect, and what has happened to it.

import { Bot, User } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { asProblem, type Problem } from '@/lib/api/problem';
import type { components } from '@/lib/api/schema';
import { readAuditEvents } from '@/lib/api/writes';
import { conditionState, conditionTitle, inOrder } from '@/lib/words/conditions';
import { historyOf } from '@/lib/words/history';
import { sentence } from '@/lib/words/sentence';
import type { Condition } from '@/lib/words/state';
import { Button } from '../button';
import { ErrorNote } from '../error-note';
import { Status } from '../status';
import { Time } from '../time';
import styles from './activity.module.css';
import { Section } from './section';

type Page = components['schemas']['Page_AuditEventView'];

export function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  return (
    <Section title="Condition" description="What the operator finds, as it is now. kubectl shows the same.">
      {conditions.length === 0 ? (
        <p className={styles.none}>The operator has not looked at it yet.</p>
      ) : (
        <ul className={styles.conditions}>
          {inOrder(conditions).map((condition) => {
            const [tone, word] = conditionState(condition);
            return (
              <li key={condition.type} className={styles.condition}>
                <div className={styles.verdict}>
                  <Status tone={tone}>{word}</Status>
                </div>
                <div>
                  <p className={styles.title}>{conditionTitle(condition)}</p>
                  <p className={styles.detail}>{sentence(condition.message)}</p>
                  <p className={styles.small}>
                    <code>
                      {condition.type}={condition.status}
                    </code>{' '}
                    <code>{condition.reason}</code> since <Time at={condition.lastTransitionTime} />
                  </p>
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}

/** `version` changes whenever there may be something new. */
export function History({ id, version, conditions }: { id: string; version: string; conditions: readonly Condition[] }) {
  const { page, problem, more } = useAuditEvents(version);
  const happenings = historyOf(id, page?.items ?? [], conditions);
  return (
    <Section title="Events" description="Changes that came through the API, and what the operator has found.">
      {problem && <ErrorNote problem={problem} />}
      <ol className={styles.history} aria-busy={!page && !problem}>
        {happenings.map(({ key, at, title, detail, by }) => (
          <li key={key} className={styles.happening}>
            <span className={styles.mark}>{by === 'person' ? <User aria-label="A change" /> : <Bot aria-label="The operator" />}</span>
            <div>
              <p className={styles.title}>{title}</p>
              <p className={styles.detail}>{detail}</p>
            </div>
            <p className={styles.at}>
              <Time at={at} />
            </p>
          </li>
        ))}
      </ol>
      {page?.nextCursor && (
        <div>
          <Button small onClick={more}>
            Look further back
          </Button>
        </div>
      )}
    </Section>
  );
}

function useAuditEvents(version: string): { page: Page | undefined; problem: Problem | undefined; more: () => void } {
  const [page, setPage] = useState<Page>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    let isCurrent = true;
    readAuditEvents().then(
      (first) => isCurrent && setPage((known) => joined(first, known)),
      (error: unknown) => isCurrent && setProblem(asProblem(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [version]);
  const more = useCallback(() => {
    readAuditEvents(page?.nextCursor ?? undefined).then(
      (older) => setPage((known) => ({ items: [...(known?.items ?? []), ...older.items], nextCursor: older.nextCursor })),
      (error: unknown) => setProblem(asProblem(error)),
    );
  }, [page]);
  return { page, problem, more };
}

/** The newest page before what was read already. */
function joined(first: Page, known: Page | undefined): Page {
  if (!known) return first;
  const ids = new Set(known.items.map(({ id }) => id));
  return { ...known, items: [...first.items.filter(({ id }) => !ids.has(id)), ...known.items] };
}
