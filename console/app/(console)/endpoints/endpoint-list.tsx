'use client';
// The list of all endpoints, as they change.

import { Database } from 'lucide-react';
import Link from 'next/link';
import { ButtonLink } from '@/components/button';
import { CreateEndpoint } from '@/components/create/create-endpoint';
import { EmptyState } from '@/components/empty-state';
import { EndpointTable } from '@/components/endpoints/endpoint-table';
import { PageHeader } from '@/components/page-header';
import { useEndpoints, useProjects } from '@/lib/live/hooks';
import type { Things } from '@/lib/live/state';

interface EndpointListProps {
  served: readonly Things['endpoint'][];
  servedProjects: readonly Things['project'][];
}

export function EndpointList({ served, servedProjects }: EndpointListProps) {
  const endpoints = useEndpoints(served);
  const projects = useProjects(servedProjects).filter(({ deletingSince }) => !deletingSince);
  const action =
    projects.length > 0 ? (
      <CreateEndpoint projects={projects} />
    ) : (
      <ButtonLink href="/projects" kind="primary">
        Make a project first
      </ButtonLink>
    );
  return (
    <>
      <PageHeader
        above={<Link href="/projects">Projects</Link>}
        title="Endpoints"
        description="All Postgres servers of your tenant, each behind a perimeter of its own."
        actions={endpoints.length > 0 && action}
      />
      {endpoints.length > 0 ? (
        <EndpointTable endpoints={endpoints} withProject />
      ) : (
        <EmptyState icon={<Database />} title="No endpoints yet" actions={action}>
          <p>An endpoint belongs to a project, and is a Postgres server that only its allow-list can reach.</p>
        </EmptyState>
      )}
    </>
  );
}
