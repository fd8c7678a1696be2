'use client';
// The endpoints of a project, and how much of its quota they use.

import { Database } from 'lucide-react';
import { CreateEndpoint } from '@/components/create/create-endpoint';
import { Section, Sections } from '@/components/detail/section';
import { EmptyState } from '@/components/empty-state';
import { EndpointTable } from '@/components/endpoints/endpoint-table';
import { useThisProject } from './project-frame';
import { QuotaUse } from './quota-use';

export default function ProjectPage() {
  const { project, endpoints } = useThisProject();
  return (
    <Sections>
      {endpoints.length > 0 ? (
        <EndpointTable endpoints={endpoints} />
      ) : (
        <EmptyState icon={<Database />} title="No endpoints yet" actions={<CreateEndpoint projects={[project]} label="Create an endpoint" />}>
          <p>
            An endpoint is a Postgres server with an address of its own. It is not started before packets have shown that nobody but your
            allow-list can reach it.
          </p>
          <pre tabIndex={0}>
            <code>{`keon endpoints create ${project.name}-main --project ${project.name}`}</code>
          </pre>
        </EmptyState>
      )}
      <Section title="Quota" description="What the endpoints of this project use together, suspended ones included.">
        <QuotaUse project={project} endpoints={endpoints} />
      </Section>
    </Sections>
  );
}
