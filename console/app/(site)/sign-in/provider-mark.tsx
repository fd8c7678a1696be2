// A mark beside a provider's name. Plain shapes of our own: the providers' logos are theirs.

import { CircleUserRound, GitBranch, ShieldCheck } from 'lucide-react';

export function ProviderMark({ id }: { id: string }) {
  if (id === 'google') return <CircleUserRound aria-hidden />;
  return id === 'github' ? <GitBranch aria-hidden /> : <ShieldCheck aria-hidden />;
}
