// All endpoints of the tenant, of whatever project.

import type { Metadata } from 'next';
import Link from 'next/link';
import { ErrorNote } from '@/components/error-note';
import { api, load } from '@/lib/api/server';
import { PageHeader } from '@/components/page-header';
import { EndpointList } from './endpoint-list';

export const metadata: Metadata = { title: 'Endpoints' };

export default async function EndpointsPage() {
  const client = await api();
  const query = { limit: 200 };
  const [endpoints, projects] = await Promise.all([
    load(client.GET('/v1/endpoints', { params: { query } })),
    load(client.GET('/v1/projects', { params: { query } })),
  ]);
  const problem = endpoints.problem ?? projects.problem;
  if (endpoints.data && projects.data) return <EndpointList served={endpoints.data.items} servedProjects={projects.data.items} />;
  return (
    <>
      <PageHeader title="Endpoints" above={<Link href="/projects">Projects</Link>} />
      {problem && <ErrorNote problem={problem} />}
    </>
  );
}
