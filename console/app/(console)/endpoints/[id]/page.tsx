'use client';
// How an endpoint comes up, and how to connect to it.

import { Sections } from '@/components/detail/section';
import { ConnectionPanel } from '@/components/endpoints/connection-panel';
import { EndpointFacts } from '@/components/endpoints/endpoint-facts';
import { Stages } from '@/components/endpoints/stages';
import { isTrue } from '@/lib/words/state';
import { useThisEndpoint } from './endpoint-frame';

export default function EndpointPage() {
  const { endpoint, project } = useThisEndpoint();
  const isUp = endpoint.phase === 'Running' && isTrue(endpoint.conditions, 'Ready');
  return (
    <Sections>
      {!isUp && <Stages endpoint={endpoint} />}
      {/* A new password is a new version, and what was read before is of no use any more. */}
      <ConnectionPanel key={endpoint.role.passwordSource} endpoint={endpoint} />
      <EndpointFacts endpoint={endpoint} project={project} />
      {isUp && <Stages endpoint={endpoint} />}
    </Sections>
  );
}
