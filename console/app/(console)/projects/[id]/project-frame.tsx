'use client';
// What is around every page of a project: its head, its pages, and the project itself, as it changes.

import Link from 'next/link';
import { createContext, useContext, type ReactNode } from 'react';
import { ButtonLink } from '@/components/button';
import { CreateEndpoint } from '@/components/create/create-endpoint';
import { SectionLinks } from '@/components/detail/section-links';
import { Trouble } from '@/components/detail/trouble';
import { PageHeader } from '@/components/page-header';
import { Notice } from '@/components/site/notice';
import { Status } from '@/components/status';
import { useEndpoints, useProject } from '@/lib/live/hooks';
import type { Things } from '@/lib/live/state';
import { projectState, trouble } from '@/lib/words/state';

interface Here {
  project: Things['project'];
  endpoints: Things['endpoint'][];
}

const Project = createContext<Here | undefined>(undefined);

/** The project whose page this is, with its endpoints. */
export function useThisProject(): Here {
  const here = useContext(Project);
  if (!here) throw new Error('this page is not within a ProjectFrame');
  return here;
}

const PAGES = [
  ['', 'Endpoints'],
  ['settings', 'Settings'],
  ['activity', 'Activity'],
  ['yaml', 'YAML'],
] as const;

interface ProjectFrameProps {
  served: Things['project'];
  servedEndpoints: readonly Things['endpoint'][];
  children: ReactNode;
}

export function ProjectFrame({ served, servedEndpoints, children }: ProjectFrameProps) {
  const project = useProject(served);
  const endpoints = useEndpoints(servedEndpoints, served.id);
  if (!project) return <Gone name={served.displayName || served.name} />;
  const [tone, word] = projectState(project);
  const why = trouble(project);
  return (
    <Project value={{ project, endpoints }}>
      <PageHeader
        above={<Link href="/projects">Projects</Link>}
        title={
          <>
            {project.displayName || project.name}
            <Status tone={tone}>{word}</Status>
          </>
        }
        description={
          <>
            <code>{project.name}</code>, Postgres {project.postgresVersion}
          </>
        }
        actions={!project.deletingSince && <CreateEndpoint projects={[project]} />}
      />
      {why && <Trouble>{why}</Trouble>}
      <SectionLinks label="Project" base={`/projects/${project.id}`} links={PAGES} />
      {children}
    </Project>
  );
}

function Gone({ name }: { name: string }) {
  return (
    <Notice
      title={`${name} is gone`}
      actions={
        <ButtonLink href="/projects" kind="primary">
          To your projects
        </ButtonLink>
      }
    >
      <p>The project was deleted, and its endpoints with it.</p>
    </Notice>
  );
}
