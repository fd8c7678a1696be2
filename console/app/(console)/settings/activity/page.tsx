// What was changed in the tenant, by whom, newest first.

import { ScrollText } from 'lucide-react';
import type { Metadata } from 'next';
import { ButtonLink } from '@/components/button';
import { EmptyState } from '@/components/empty-state';
import { ErrorNote } from '@/components/error-note';
import { PageHeader } from '@/components/page-header';
import { Cell, Table } from '@/components/table';
import { ExactTime } from '@/components/time';
import { deedOf, moreOf, targetOf, type AuditEvent } from '@/lib/account/audit-words';
import { api, load } from '@/lib/api/server';
import styles from './activity.module.css';

export const metadata: Metadata = { title: 'Activity' };

const ON_A_PAGE = 50;
const COLUMNS = ['Time, request', 'Who', 'What', 'To what'] as const;

export default async function ActivityPage({ searchParams }: PageProps<'/settings/activity'>) {
  const asked = (await searchParams).cursor;
  const cursor = typeof asked === 'string' && asked !== '' ? asked : undefined;
  const { data, problem } = await load((await api()).GET('/v1/audit-events', { params: { query: { limit: ON_A_PAGE, cursor } } }));
  return (
    <>
      <PageHeader
        title="Activity"
        description="Every change that came through the API, this console and keon, and every reading of a password. Changes made with kubectl are in the cluster’s own audit log."
      />
      {problem ? <ErrorNote problem={problem} /> : <Events events={data.items} />}
      {(cursor || data?.nextCursor) && (
        <nav aria-label="Pages" className={styles.pages}>
          {cursor && <ButtonLink href="/settings/activity">Newest</ButtonLink>}
          {data?.nextCursor && <ButtonLink href={`/settings/activity?${new URLSearchParams({ cursor: data.nextCursor })}`}>Older</ButtonLink>}
        </nav>
      )}
    </>
  );
}

function Events({ events }: { events: AuditEvent[] }) {
  if (events.length === 0) return <NoEvents />;
  return (
    <Table caption="Activity" columns={COLUMNS}>
      {events.map((event) => (
        <tr key={event.id}>
          <Cell soft>
            <ExactTime at={event.at} />
            {event.requestId && <code className={styles.request}>{event.requestId}</code>}
          </Cell>
          <Cell>
            <Who actor={event.actor} />
          </Cell>
          <Cell head>
            {deedOf(event)}
            <span className={styles.more}>{moreOf(event)}</span>
          </Cell>
          <Cell>
            <bdi className={styles.name} title={targetOf(event)}>
              {targetOf(event)}
            </bdi>
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function Who({ actor }: { actor: AuditEvent['actor'] }) {
  if (actor.kind === 'api-key') {
    return (
      <span className={styles.name} title={actor.label}>
        <span className={styles.kind}>Key</span> <bdi>{actor.label}</bdi>
      </span>
    );
  }
  const label = actor.kind === 'system' ? `Kisenon (${actor.label})` : actor.label;
  return (
    <span className={styles.name} title={label}>
      {label}
    </span>
  );
}

function NoEvents() {
  return (
    <EmptyState icon={<ScrollText />} title="Nothing older">
      <p>Changes of projects, endpoints and keys appear here with who made them, and with the id that names the request in the server’s log.</p>
    </EmptyState>
  );
}
