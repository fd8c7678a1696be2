// Said of an endpoint that its project's own object declares.

import { Trouble } from '@/components/detail/trouble';

export function DeclaredNote({ project }: { project: string }) {
  return <Trouble>{`The project ${project} declares this endpoint in spec.endpoints: what is written there is changed there, and so is its end.`}</Trouble>;
}
