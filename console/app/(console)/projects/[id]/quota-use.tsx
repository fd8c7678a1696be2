// How much of a project's quota its endpoints use.

import { bytes, milli, processors, sum } from '@/lib/kubernetes/quantity';
import type { Things } from '@/lib/live/state';
import styles from './quota-use.module.css';

interface Use {
  name: string;
  used: bigint;
  limit: bigint;
  words: (amount: bigint) => string;
}

export function QuotaUse({ project, endpoints }: { project: Things['project']; endpoints: readonly Things['endpoint'][] }) {
  const { quota } = project;
  const of = (text: string) => milli(text) ?? 0n;
  const uses: Use[] = [
    { name: 'Endpoints', used: BigInt(endpoints.length), limit: BigInt(quota.endpoints), words: String },
    { name: 'Processor', used: sum(endpoints.map(({ compute }) => compute.cpu)), limit: of(quota.cpu), words: processors },
    { name: 'Memory', used: sum(endpoints.map(({ compute }) => compute.memory)), limit: of(quota.memory), words: bytes },
    { name: 'Disk', used: sum(endpoints.map(({ storage }) => storage.size)), limit: of(quota.storage), words: bytes },
  ];
  return (
    <ul className={styles.uses}>
      {uses.map(({ name, used, limit, words }) => {
        const said = `${words(used)} of ${words(limit)}`;
        const share = limit > 0n ? Number((used * 1000n) / limit) / 1000 : used > 0n ? 1 : 0;
        return (
          <li key={name} className={styles.use}>
            <span className={styles.name}>{name}</span>
            <span>{said}</span>
            <meter className={styles.meter} min={0} max={1} high={0.9} value={Math.min(share, 1)} aria-label={`${name}: ${said}`} />
          </li>
        );
      })}
    </ul>
  );
}
