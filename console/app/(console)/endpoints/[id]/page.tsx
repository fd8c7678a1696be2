'use client';
// How an endpoint comes up, and how to connect to it.

import { useState } from 'react';
import { Sections } from '@/components/detail/section';
import { ConnectionPanel } from '@/components/endpoints/connection-panel';
import { EndpointFacts } from '@/components/endpoints/endpoint-facts';
import { Stages } from '@/components/endpoints/stages';
import { stagesOf } from '@/lib/words/stages';
import { useThisEndpoint } from './endpoint-frame';

export default function EndpointPage() {
  const { endpoint, project } = useThisEndpoint();
  const isUp = stagesOf(endpoint).every(({ state }) => state === 'done');
  // Whoever watches it come up goes on seeing it in the same place.
  const [wasUp] = useState(isUp);
  return (
    <Sections>
      {!wasUp && <Stages endpoint={endpoint} />}
      <ConnectionPanel endpoint={endpoint} />
      <EndpointFacts endpoint={endpoint} project={project} />
      {wasUp && <Stages endpoint={endpoint} />}
    </Sections>
  );
}
