// The state of a project or an endpoint in one word, from what the operator says of it. Pure.

import type { Things } from '@/lib/live/state';

export type Condition = Things['endpoint']['conditions'][number];

export type StateWord = [tone: 'good' | 'busy' | 'bad' | 'idle', word: string];

export function condition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((each) => each.type === type);
}

export function isTrue(conditions: readonly Condition[], type: string): boolean {
  return condition(conditions, type)?.status === 'True';
}

export function projectState({ deletingSince, conditions }: Pick<Things['project'], 'deletingSince' | 'conditions'>): StateWord {
  if (deletingSince) return ['busy', 'Deleting'];
  if (isTrue(conditions, 'Stalled')) return ['bad', 'Needs attention'];
  return isTrue(conditions, 'Ready') ? ['good', 'Ready'] : ['busy', 'Preparing'];
}

type Living = Pick<Things['endpoint'], 'deletingSince' | 'conditions' | 'phase' | 'desiredState'>;

export function endpointState({ deletingSince, conditions, phase, desiredState }: Living): StateWord {
  if (deletingSince) return ['busy', 'Deleting'];
  if (isTrue(conditions, 'Stalled')) return ['bad', 'Needs attention'];
  switch (phase) {
    case 'Failed':
      return ['bad', 'Failed'];
    case 'Stopping':
      return ['busy', 'Suspending'];
    case 'Stopped':
      return desiredState === 'Running' ? ['busy', 'Resuming'] : ['idle', 'Suspended'];
    case 'Running':
      if (desiredState === 'Suspended') return ['busy', 'Suspending'];
      return isTrue(conditions, 'Ready') ? ['good', 'Running'] : ['busy', 'Updating'];
    case 'Starting':
      return ['busy', 'Starting'];
    default:
      return ['busy', 'Preparing'];
  }
}

/** Why something is as it is, if it is not simply well: the message beside its state. */
export function trouble({ conditions }: { conditions: readonly Condition[] }): string | undefined {
  const ready = condition(conditions, 'Ready');
  return isTrue(conditions, 'Stalled') ? ready?.message : undefined;
}
