'use client';
// An endpoint as one file.

import { Manifest } from '@/components/detail/manifest';
import { useThisEndpoint } from '../endpoint-frame';

export function EndpointYaml({ namespace }: { namespace: string }) {
  const { endpoint } = useThisEndpoint();
  const notes = endpoint.declaredByProject
    ? [`The project ${endpoint.project.name} declares this endpoint, in spec.endpoints: keep it there rather than in a file of its own.`]
    : [];
  return <Manifest file={`${endpoint.name}.yaml`} write={(writer) => writer.endpointManifest(endpoint, namespace)} notes={notes} />;
}
