'use client';
// Who can reach an endpoint and why, and who may.

import { AccessPicture } from '@/components/access/access-picture';
import { Sections } from '@/components/detail/section';
import { useThisEndpoint } from '../endpoint-frame';
import { AccessSettings } from './access-settings';

export default function EndpointAccessPage() {
  const { endpoint, project } = useThisEndpoint();
  return (
    <Sections>
      <AccessPicture endpoint={endpoint} />
      <AccessSettings endpoint={endpoint} project={project} />
    </Sections>
  );
}
