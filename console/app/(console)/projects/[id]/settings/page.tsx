'use client';
// What can be changed of a project, and its end.

import { Sections } from '@/components/detail/section';
import { useThisProject } from '../project-frame';
import { DeleteProject } from './delete-project';
import { GeneralSettings } from './general-settings';
import { NetworkSettings } from './network-settings';
import { QuotaSettings } from './quota-settings';

export default function ProjectSettingsPage() {
  const { project, endpoints } = useThisProject();
  return (
    <Sections>
      <GeneralSettings project={project} />
      <NetworkSettings project={project} />
      <QuotaSettings project={project} endpoints={endpoints} />
      <DeleteProject project={project} endpoints={endpoints} />
    </Sections>
  );
}
