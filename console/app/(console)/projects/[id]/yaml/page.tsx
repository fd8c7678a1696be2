// A project and its endpoints as YAML.

import { ErrorNote } from '@/components/error-note';
import { api, load } from '@/lib/api/server';
import { ProjectYaml } from './project-yaml';

export default async function ProjectYamlPage() {
  const { data, problem } = await load((await api()).GET('/v1/me'));
  return problem ? <ErrorNote problem={problem} /> : <ProjectYaml namespace={data.tenant.namespace} />;
}
