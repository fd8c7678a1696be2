// The stages through which an endpoint comes up, each shown by a condition of the operator's. Pure.

import type { Things } from '@/lib/live/state';
import { sentence } from './sentence';
import { condition, isTrue, type Condition } from './state';

export interface Stage {
  title: string;
  /** `waiting`: an earlier one comes first. */
  state: 'done' | 'active' | 'waiting' | 'failed';
  /** What the operator says of it: the evidence, or what is awaited. */
  detail: string;
  /** Since when. */
  at?: string;
}

interface Step {
  title: string;
  /** What it is for, while nothing is known of it. */
  purpose: string;
  type: string;
  isDone: (found: Condition) => boolean;
  /** Whether its condition tells of this step. */
  tells: (found: Condition) => boolean;
}

const always = () => true;
const isMet = ({ status }: Condition) => status === 'True';

const STEPS: readonly Step[] = [
  { title: 'Policy', purpose: 'The network policy closes everything but the allow-list.', type: 'PerimeterReady', isDone: isMet, tells: always },
  {
    title: 'Gate',
    purpose: 'A gate beside the server sends packets where none may get through.',
    type: 'IsolationVerified',
    // Whatever the gate has found, it has been at work.
    isDone: ({ status, reason }) => status === 'True' || reason === 'NotEnforced',
    tells: ({ reason }) => reason === 'GatePending',
  },
  {
    title: 'Isolation verified',
    purpose: 'All of those packets must be refused. Until then the server does not start, and has no address.',
    type: 'IsolationVerified',
    isDone: isMet,
    tells: ({ reason }) => reason !== 'GatePending',
  },
  { title: 'Address', purpose: 'The load balancer opens the address.', type: 'AddressAssigned', isDone: isMet, tells: always },
  { title: 'Server ready', purpose: 'Postgres accepts clients.', type: 'ServerReady', isDone: isMet, tells: always },
];

/** Reasons for which a step does not go on by itself. */
const FAILURES = new Set(['NotEnforced', 'AddressConflict', 'PoolExhausted', 'ServerFailed', 'Unschedulable', 'ApplyFailed']);

export function stagesOf({ conditions }: Pick<Things['endpoint'], 'conditions'>): Stage[] {
  const stalled = isTrue(conditions, 'Stalled') ? condition(conditions, 'Ready') : undefined;
  let isReached = true;
  return STEPS.map((step) => {
    const found = condition(conditions, step.type);
    const said = found && step.tells(found) ? found : undefined;
    const isDone = found !== undefined && step.isDone(found);
    const isAsleep = said?.reason === 'Suspended';
    const state = isDone ? 'done' : !isReached || isAsleep ? 'waiting' : said && FAILURES.has(said.reason) ? 'failed' : 'active';
    const why = state === 'active' && stalled ? stalled : said;
    isReached &&= isDone;
    return {
      title: step.title,
      state: state === 'active' && stalled ? 'failed' : state,
      detail: (state === 'waiting' && !isAsleep) || !why ? step.purpose : sentence(why.message),
      ...(why && (state !== 'waiting' || isAsleep) ? { at: why.lastTransitionTime } : {}),
    };
  });
}
