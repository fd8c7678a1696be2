// What has happened to a project or an endpoint, newest first: changes that came through the API, and what the
// operator has found since. Pure.

import { changedFields, type AuditEvent } from '@/lib/account/audit-words';
import { conditionTitle } from './conditions';
import { sentence } from './sentence';
import type { Condition } from './state';

export interface Happening {
  key: string;
  at: string;
  title: string;
  /** Who did it, or what the operator says. */
  detail: string;
  by: 'person' | 'operator';
}

const DEEDS: Record<string, string> = {
  'project.create': 'Project created',
  'project.update': 'Project settings changed',
  'project.delete': 'Project deleted',
  'endpoint.create': 'Endpoint created',
  'endpoint.update': 'Endpoint settings changed',
  'endpoint.update-access': 'Allow-list changed',
  'endpoint.suspend': 'Endpoint suspended',
  'endpoint.resume': 'Endpoint resumed',
  'endpoint.delete': 'Endpoint deleted',
  'manifest.create': 'Created from a manifest',
  'manifest.update': 'Changed by a manifest',
  'endpoint.reset-password': 'Password reset',
  'endpoint.read-connection': 'Connection read, with its password',
};

const ACTORS: Record<string, (label: string) => string> = {
  user: (label) => `by ${label}`,
  'api-key': (label) => `with the API key “${label}”`,
  system: () => 'by Kisenon itself',
};

/** Members of the objects, as the pages call them. */
const PARTS: Record<string, string> = {
  access: 'allow-list',
  compute: 'processor and memory',
  deletionPolicy: 'fate of the data',
  deletionProtection: 'protection from deletion',
  desiredState: 'whether it runs',
  displayName: 'display name',
  network: 'allow-list',
  postgres: 'parameters',
  storage: 'disk',
};

/** Which parts a change was about, where the record says so. */
function parts(detail: unknown): string {
  const fields = changedFields(detail);
  return fields.length > 0 ? `: ${fields.map((field) => PARTS[field] ?? field).join(', ')}` : '';
}

export function historyOf(id: string, events: readonly AuditEvent[], conditions: readonly Condition[]): Happening[] {
  const deeds = events
    .filter(({ target }) => target.id === id)
    .map(({ id: key, at, action, actor, detail }): Happening => {
      const who = ACTORS[actor.kind]?.(actor.label) ?? `by ${actor.label}`;
      return { key, at, title: (DEEDS[action] ?? action) + parts(detail), detail: sentence(who), by: 'person' };
    });
  const findings = conditions
    // Summaries of the others, which say more.
    .filter(({ type }) => type !== 'Reconciling' && type !== 'Stalled')
    .map((found): Happening => ({
      key: found.type,
      at: found.lastTransitionTime,
      title: conditionTitle(found),
      detail: sentence(found.message),
      by: 'operator',
    }));
  return [...deeds, ...findings].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
