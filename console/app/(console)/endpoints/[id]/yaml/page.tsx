// An endpoint as YAML.

import { ErrorNote } from '@/components/error-note';
import { api, load } from '@/lib/api/server';
import { EndpointYaml } from './endpoint-yaml';

export default async function EndpointYamlPage() {
  const { data, problem } = await load((await api()).GET('/v1/me'));
  return problem ? <ErrorNote problem={problem} /> : <EndpointYaml namespace={data.tenant.namespace} />;
}
