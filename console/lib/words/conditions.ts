// The operator's conditions in plain words. Its own message stands beside them as it is. Pure.

import type { Condition, StateWord } from './state';

interface Words {
  met: string;
  unmet: string;
  /** Whether `True` is what one hopes for. */
  isGood: boolean;
}

const WORDS: Record<string, Words> = {
  Ready: { met: 'All is as you asked for', unmet: 'Not yet as you asked for', isGood: true },
  Stalled: { met: 'Something has to be done before it goes on', unmet: 'Nothing is in the way', isGood: false },
  Reconciling: { met: 'The operator is at work on it', unmet: 'The operator has nothing left to do', isGood: false },
  NamespaceReady: { met: 'The project’s namespace is in place', unmet: 'The project’s namespace is not in place yet', isGood: true },
  QuotaReady: { met: 'The quota is in force', unmet: 'The quota is not in force yet', isGood: true },
  PerimeterReady: { met: 'The network policy is in place', unmet: 'The network policy is not in place yet', isGood: true },
  IsolationVerified: { met: 'Packets have shown that the perimeter holds', unmet: 'It is not shown yet that the perimeter holds', isGood: true },
  AddressAssigned: { met: 'The address is open', unmet: 'The address is not open', isGood: true },
  ServerReady: { met: 'Postgres accepts clients', unmet: 'Postgres does not accept clients', isGood: true },
};

/** Those that say something only while they are true. */
const SILENT = new Set(['Stalled', 'Reconciling']);

/** The order in which they are read. */
const ORDER = Object.keys(WORDS);

export function conditionTitle({ type, status }: Condition): string {
  const words = WORDS[type];
  if (!words) return `${type}: ${status}`;
  return status === 'True' ? words.met : words.unmet;
}

export function conditionState({ type, status, reason }: Condition): StateWord {
  const isMet = status === 'True';
  if (reason === 'Suspended') return ['idle', 'Suspended'];
  if (type === 'Stalled' && isMet) return ['bad', 'Stalled'];
  if (type === 'Reconciling' && isMet) return ['busy', 'Working'];
  if (isMet === (WORDS[type]?.isGood ?? true)) return ['good', 'OK'];
  return reason === 'NotEnforced' || reason === 'ServerFailed' ? ['bad', 'Failed'] : ['busy', 'Waiting'];
}

/** Those that say something. What stalls says all that `Ready` would. */
export function inOrder(conditions: readonly Condition[]): Condition[] {
  const place = ({ type }: Condition) => (ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length);
  const isStalled = conditions.some(({ type, status }) => type === 'Stalled' && status === 'True');
  const tells = ({ type, status }: Condition) => (type === 'Ready' ? !isStalled : !SILENT.has(type) || status === 'True');
  const telling = conditions.filter(tells);
  return telling.sort((a, b) => place(a) - place(b));
}
