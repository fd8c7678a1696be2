'use client';
// The list of projects, as they change.

import { Boxes } from 'lucide-react';
import Link from 'next/link';
import { CreateProject } from '@/components/create/create-project';
import { EmptyState } from '@/components/empty-state';
import { Status } from '@/components/status';
import { Cell, Table } from '@/components/table';
import { Time } from '@/components/time';
import { useProjects } from '@/lib/live/hooks';
import type { Things } from '@/lib/live/state';
import { projectState } from '@/lib/words/state';

const COLUMNS = ['Project', 'State', 'Endpoints', 'Postgres', 'Created'] as const;

export function ProjectList({ served }: { served: readonly Things['project'][] }) {
  const projects = useProjects(served);
  if (projects.length === 0) return <NoProjects />;
  return (
    <Table caption="Projects" columns={COLUMNS}>
      {projects.map((project) => {
        const [tone, word] = projectState(project);
        const { ready, total } = project.endpoints;
        return (
          <tr key={project.id}>
            <Cell head>
              <Link href={`/projects/${project.id}`}>{project.displayName || project.name}</Link>
            </Cell>
            <Cell>
              <Status tone={tone}>{word}</Status>
            </Cell>
            <Cell soft>{total === 0 ? 'None' : `${ready} of ${total} ready`}</Cell>
            <Cell soft>{project.postgresVersion}</Cell>
            <Cell soft>
              <Time at={project.createdAt} />
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

function NoProjects() {
  return (
    <EmptyState icon={<Boxes />} title="No projects yet" actions={<CreateProject label="Create your first project" />}>
      <p>
        A project holds Postgres endpoints that share a quota and a network. Whatever makes it, it appears here: this page, kubectl, a Git
        repository, the API or keon.
      </p>
      <pre tabIndex={0}>
        <code>keon projects create shop</code>
      </pre>
    </EmptyState>
  );
}
