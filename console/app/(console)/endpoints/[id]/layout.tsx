// One endpoint: what all of its pages have in common.

import type { Metadata } from 'next';
import { cache, type ReactNode } from 'react';
import { ErrorNote } from '@/components/error-note';
import { api, load } from '@/lib/api/server';
import { EndpointFrame } from './endpoint-frame';

type Props = { params: Promise<{ id: string }> };

const readEndpoint = cache(async (id: string) => load((await api()).GET('/v1/endpoints/{id}', { params: { path: { id } } })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { data } = await readEndpoint((await params).id);
  return { title: data?.name ?? 'Endpoint' };
}

export default async function EndpointLayout({ params, children }: Props & { children: ReactNode }) {
  const client = await api();
  const [endpoint, projects] = await Promise.all([
    readEndpoint((await params).id),
    load(client.GET('/v1/projects', { params: { query: { limit: 200 } } })),
  ]);
  const problem = endpoint.problem ?? projects.problem;
  if (!endpoint.data || !projects.data) return problem && <ErrorNote problem={problem} />;
  return (
    <EndpointFrame served={endpoint.data} servedProjects={projects.data.items}>
      {children}
    </EndpointFrame>
  );
}
