'use client';
// What is around every page of an endpoint: its head, its pages, and the endpoint itself, as it changes.

import Link from 'next/link';
import { createContext, useContext, type ReactNode } from 'react';
import { ButtonLink } from '@/components/button';
import { SectionLinks } from '@/components/detail/section-links';
import { Trouble } from '@/components/detail/trouble';
import { PageHeader } from '@/components/page-header';
import { Notice } from '@/components/site/notice';
import { Status } from '@/components/status';
import { useEndpoint, useProjects } from '@/lib/live/hooks';
import type { Things } from '@/lib/live/state';
import { endpointState, trouble } from '@/lib/words/state';
import { EndpointActions } from './endpoint-actions';

interface Here {
  endpoint: Things['endpoint'];
  /** Absent while there is no project of that name. */
  project: Things['project'] | undefined;
}

const Endpoint = createContext<Here | undefined>(undefined);

/** The endpoint whose page this is, with its project. */
export function useThisEndpoint(): Here {
  const here = useContext(Endpoint);
  if (!here) throw new Error('this page is not within an EndpointFrame');
  return here;
}

const PAGES = [
  ['', 'Connect'],
  ['access', 'Access'],
  ['settings', 'Settings'],
  ['activity', 'Activity'],
  ['yaml', 'YAML'],
] as const;

interface EndpointFrameProps {
  served: Things['endpoint'];
  servedProjects: readonly Things['project'][];
  children: ReactNode;
}

export function EndpointFrame({ served, servedProjects, children }: EndpointFrameProps) {
  const endpoint = useEndpoint(served);
  const project = useProjects(servedProjects).find(({ id }) => id === served.project.id);
  if (!endpoint) return <Gone endpoint={served} />;
  const [tone, word] = endpointState(endpoint);
  const why = trouble(endpoint);
  return (
    <Endpoint value={{ endpoint, project }}>
      <PageHeader
        above={
          <>
            <Link href="/projects">Projects</Link> / <Parent endpoint={endpoint} project={project} />
          </>
        }
        title={
          <>
            {endpoint.name}
            <Status tone={tone}>{word}</Status>
          </>
        }
        actions={<EndpointActions endpoint={endpoint} />}
      />
      {why && <Trouble>{why}</Trouble>}
      <SectionLinks label="Endpoint" base={`/endpoints/${endpoint.id}`} links={PAGES} />
      {children}
    </Endpoint>
  );
}

function Parent({ endpoint, project }: Here) {
  const { id, name } = endpoint.project;
  const shown = project?.displayName || name;
  return id ? <Link href={`/projects/${id}`}>{shown}</Link> : <>{shown}</>;
}

function Gone({ endpoint: { name, project } }: { endpoint: Things['endpoint'] }) {
  return (
    <Notice
      title={`${name} is gone`}
      actions={
        <ButtonLink href={project.id ? `/projects/${project.id}` : '/projects'} kind="primary">
          To its project
        </ButtonLink>
      }
    >
      <p>The endpoint was deleted. Its address stays unused for a while, so that nobody’s clients find another server there.</p>
    </Notice>
  );
}
