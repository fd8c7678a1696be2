// Who can reach an endpoint and why, as lanes of a picture: who, through which rule, open or closed. Pure.
// What is open comes from the API, which reads the rules in force; what is closed is what they leave out.

import type { components } from '@/lib/api/schema';

type Explanation = components['schemas']['AccessExplanation'];

export interface Lane {
  key: string;
  who: string;
  /** What sort of source it is. */
  kind: 'range' | 'pods' | 'everyone';
  state: 'open' | 'closed';
  /** What was written to that end, or why nothing lets it in. */
  why: string;
  /** The object that decides. */
  rule?: string;
  /** Whether nobody asked for it. */
  isUnwritten?: boolean;
}

const ANYWHERE = '0.0.0.0/0';

const and = new Intl.ListFormat('en', { type: 'conjunction' });

/** Lanes into the endpoint: the open ones first. */
export function lanesIn(explanation: Explanation): Lane[] {
  return [...explanation.openTo.flatMap(rangeLanes), ...explanation.inCluster.map(podLane), ...closedLanes(explanation)];
}

/** The lane out of the endpoint. */
export function laneOut({ egress }: Explanation): Lane {
  if (egress.reach === 'none') {
    return { key: 'out', who: 'Anything outside', kind: 'everyone', state: 'closed', why: 'The server can open no connection of its own.' };
  }
  const who = egress.reach === 'any' ? 'Anything outside' : 'Some addresses outside';
  return { key: 'out', who, kind: 'everyone', state: 'open', why: 'Nobody asked for it.', rule: (egress.rules ?? []).join('; '), isUnwritten: true };
}

function rangeLanes({ cidr, except = [], rule, sources }: Explanation['openTo'][number]): Lane[] {
  const open: Lane = {
    key: `${cidr} ${rule}`,
    who: cidr === ANYWHERE ? `Everyone (${ANYWHERE})` : cidr,
    kind: 'range',
    state: 'open',
    why: sources.length > 0 ? sourceWords(sources) : 'Nobody wrote it.',
    rule,
    ...(sources.length > 0 ? {} : { isUnwritten: true }),
  };
  if (except.length === 0) return [open];
  const closed: Lane = {
    key: `${cidr} except`,
    who: 'The cluster’s own addresses',
    kind: 'pods',
    state: 'closed',
    why: `Never let in, though ${cidr} holds them: ${except.join(', ')}`,
    rule,
  };
  return [open, closed];
}

function podLane({ pods, rule, source }: Explanation['inCluster'][number]): Lane {
  const who = pods.charAt(0).toUpperCase() + pods.slice(1);
  const why = source ? sourceWords([source]) : 'Nobody wrote it.';
  return { key: `${pods} ${rule}`, who, kind: 'pods', state: 'open', why, rule, ...(source ? {} : { isUnwritten: true }) };
}

function closedLanes({ openTo, inCluster }: Explanation): Lane[] {
  const lanes: Lane[] = [];
  const isEveryPodIn = inCluster.some(({ pods }) => pods === 'every pod');
  if (!isEveryPodIn) {
    const who = inCluster.length > 0 ? 'All other pods' : 'All pods of the cluster';
    lanes.push({ key: 'pods', who, kind: 'pods', state: 'closed', why: 'No rule lets them in.' });
  }
  if (!openTo.some(({ cidr }) => cidr === ANYWHERE)) {
    lanes.push({ key: 'everyone', who: openTo.length > 0 ? 'Everyone else' : 'Everyone', kind: 'everyone', state: 'closed', why: 'No rule lets them in.' });
  }
  return lanes;
}

/** `endpoint access.allowedCidrs[0]` and the like as people say it. */
export function sourceWords(sources: readonly string[]): string {
  const entries = sources.map((source) => /^(endpoint|project) (?:access|network)\.allowedCidrs\[(\d+)\]$/.exec(source));
  const owner = entries[0]?.[1];
  const numbers = entries.map((entry) => (entry && entry[1] === owner ? Number(entry[2]) + 1 : undefined));
  if (owner && numbers.every((number) => number !== undefined)) {
    return `${numbers.length === 1 ? 'Entry' : 'Entries'} ${and.format(numbers.map(String))} of the ${owner}’s allow-list`;
  }
  return sources.map((source) => (source === 'endpoint access.inCluster' ? 'The endpoint lets pods of your namespace in' : source)).join('; ');
}

/** The picture in one sentence, for who does not see it. */
export function summary(explanation: Explanation): string {
  const open = lanesIn(explanation).filter(({ state }) => state === 'open');
  const who = open.length === 0 ? 'nobody' : open.map((lane) => lane.who).join(', ');
  const address = explanation.address ? `at ${explanation.address}` : 'and no address is open';
  return `Let in: ${who} ${address}. ${laneOut(explanation).state === 'closed' ? 'The server reaches nothing outside.' : 'The server can reach out.'}`;
}
