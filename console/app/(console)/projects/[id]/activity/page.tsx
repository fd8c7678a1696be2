'use client';
// How a project is, and what has happened to it.

import { Conditions, History } from '@/components/detail/activity';
import { Sections } from '@/components/detail/section';
import { useThisProject } from '../project-frame';

export default function ProjectActivityPage() {
  const { id, etag, conditions } = useThisProject().project;
  return (
    <Sections>
      <Conditions conditions={conditions} />
      <History id={id} version={etag} conditions={conditions} />
    </Sections>
  );
}
