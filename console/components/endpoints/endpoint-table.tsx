'use client';
// Endpoints as rows: what they are, how they are, and where they answer.

import Link from 'next/link';
import type { Things } from '@/lib/live/state';
import { cpuWords, sizeWords } from '@/lib/kubernetes/quantity';
import { endpointState } from '@/lib/words/state';
import { Status } from '../status';
import { Cell, Table } from '../table';
import { Time } from '../time';

interface EndpointTableProps {
  endpoints: readonly Things['endpoint'][];
  /** With the project of each. */
  withProject?: boolean;
}

export function EndpointTable({ endpoints, withProject = false }: EndpointTableProps) {
  const columns = ['Endpoint', ...(withProject ? ['Project'] : []), 'State', 'Address', 'Size', 'Created'];
  return (
    <Table caption="Endpoints" columns={columns}>
      {endpoints.map((endpoint) => {
        const { id, name, project, address, compute, storage, createdAt } = endpoint;
        const [tone, word] = endpointState(endpoint);
        return (
          <tr key={id}>
            <Cell head>
              <Link href={`/endpoints/${id}`}>{name}</Link>
            </Cell>
            {withProject && <Cell soft>{project.id ? <Link href={`/projects/${project.id}`}>{project.name}</Link> : project.name}</Cell>}
            <Cell>
              <Status tone={tone}>{word}</Status>
            </Cell>
            <Cell soft>{address ? <code>{address}</code> : 'None yet'}</Cell>
            <Cell soft>
              {cpuWords(compute.cpu)}, {sizeWords(compute.memory)}, {sizeWords(storage.size)} disk
            </Cell>
            <Cell soft>
              <Time at={createdAt} />
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}
