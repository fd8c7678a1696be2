// What an endpoint is, at a glance.

import type { Things } from '@/lib/live/state';
import { cpuWords, sizeWords } from '@/lib/kubernetes/quantity';
import { CopyButton } from '../copy-button';
import { Facts, Section } from '../detail/section';
import { Time } from '../time';
import styles from './endpoint-facts.module.css';

interface EndpointFactsProps {
  endpoint: Things['endpoint'];
  project: Things['project'] | undefined;
}

export function EndpointFacts({ endpoint, project }: EndpointFactsProps) {
  const { id, address, port, compute, storage, database, role, createdAt } = endpoint;
  const shown = address && `${address}:${port}`;
  return (
    <Section title="About">
      <Facts
        of={[
          ['Address', shown ? <Copied text={shown} what="address" /> : 'None yet'],
          ['Database', database],
          ['Role', role.name],
          ['Postgres', project?.postgresVersion ?? 'Unknown'],
          ['Processor', cpuWords(compute.cpu)],
          ['Memory', sizeWords(compute.memory)],
          ['Disk', storage.className ? `${sizeWords(storage.size)} (${storage.className})` : sizeWords(storage.size)],
          ['Created', <Time key="created" at={createdAt} />],
          ['Id', <Copied key="id" text={id} what="id" />],
        ]}
      />
    </Section>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className={styles.copied}>
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
