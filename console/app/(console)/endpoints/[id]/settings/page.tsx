'use client';
// What can be changed of an endpoint, and its end.

import { Sections } from '@/components/detail/section';
import { useThisEndpoint } from '../endpoint-frame';
import { DeclaredNote } from './declared-note';
import { DeleteEndpoint } from './delete-endpoint';
import { ParameterSettings } from './parameter-settings';
import { SizeSettings } from './size-settings';

export default function EndpointSettingsPage() {
  const { endpoint, project } = useThisEndpoint();
  return (
    <Sections>
      {endpoint.declaredByProject && <DeclaredNote project={endpoint.project.name} />}
      <SizeSettings endpoint={endpoint} />
      <ParameterSettings endpoint={endpoint} />
      <DeleteEndpoint endpoint={endpoint} project={project} />
    </Sections>
  );
}
