// One project: what all of its pages have in common.

import type { Metadata } from 'next';
import { cache, type ReactNode } from 'react';
import { ErrorNote } from '@/components/error-note';
import { api, load } from '@/lib/api/server';
import { ProjectFrame } from './project-frame';

type Props = { params: Promise<{ id: string }> };

const read = cache(async (id: string) => {
  const client = await api();
  return Promise.all([
    load(client.GET('/v1/projects/{id}', { params: { path: { id } } })),
    load(client.GET('/v1/endpoints', { params: { query: { project: id, limit: 200 } } })),
  ]);
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const [{ data }] = await read((await params).id);
  return { title: data ? data.displayName || data.name : 'Project' };
}

export default async function ProjectLayout({ params, children }: Props & { children: ReactNode }) {
  const [project, endpoints] = await read((await params).id);
  const problem = project.problem ?? endpoints.problem;
  if (!project.data || !endpoints.data) return problem && <ErrorNote problem={problem} />;
  return (
    <ProjectFrame served={project.data} servedEndpoints={endpoints.data.items}>
      {children}
    </ProjectFrame>
  );
}
