// All projects of the tenant.

import type { Metadata } from 'next';
import { ButtonLink } from '@/components/button';
import { CreateProject } from '@/components/create/create-project';
import { ErrorNote } from '@/components/error-note';
import { PageHeader } from '@/components/page-header';
import { api, load } from '@/lib/api/server';
import { ProjectList } from './project-list';

export const metadata: Metadata = { title: 'Projects' };

export default async function ProjectsPage() {
  const { data, problem } = await load((await api()).GET('/v1/projects', { params: { query: { limit: 200 } } }));
  return (
    <>
      <PageHeader
        title="Projects"
        description="A project is a group of Postgres endpoints with a quota and a network of its own."
        actions={
          <>
            <ButtonLink href="/endpoints">All endpoints</ButtonLink>
            <CreateProject />
          </>
        }
      />
      {problem ? <ErrorNote problem={problem} /> : <ProjectList served={data.items} />}
    </>
  );
}
