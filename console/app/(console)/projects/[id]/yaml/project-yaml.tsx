'use client';
// A project with its endpoints as one file.

import { Manifest } from '@/components/detail/manifest';
import { useThisProject } from '../project-frame';

export function ProjectYaml({ namespace }: { namespace: string }) {
  const { project, endpoints } = useThisProject();
  const declared = endpoints.filter(({ declaredByProject }) => declaredByProject).map(({ name }) => name);
  const notes = declared.length > 0 ? [`Left out: ${declared.join(', ')}. The project’s own file declares them, in spec.endpoints.`] : [];
  return <Manifest file={`${project.name}.yaml`} write={(writer) => writer.wholeManifest(project, endpoints, namespace)} notes={notes} />;
}
