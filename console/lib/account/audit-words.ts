// The audit log in plain words. What the API may add later stands there as the API calls it.

import type { components } from '@/lib/api/schema';

export type AuditEvent = components['schemas']['AuditEventView'];

const DEEDS: Record<string, string> = {
  'session.begin': 'Signed in',
  'session.end': 'Signed out',
  'cli.authorize': 'Authorized keon in the browser',
  'cli.exchange': 'Gave keon its key',
  'device.approve': 'Approved a machine',
  'device.refuse': 'Denied a machine',
  'device.exchange': 'Gave a machine its key',
  'api-key.create': 'Created an API key',
  'api-key.rename': 'Renamed an API key',
  'api-key.revoke': 'Revoked an API key',
  'api-key.report': 'Revoked a leaked API key',
  'project.create': 'Created a project',
  'project.update': 'Changed a project',
  'project.delete': 'Deleted a project',
  'endpoint.create': 'Created an endpoint',
  'endpoint.update': 'Changed an endpoint',
  'endpoint.delete': 'Deleted an endpoint',
  'endpoint.suspend': 'Suspended an endpoint',
  'endpoint.resume': 'Resumed an endpoint',
  'endpoint.update-access': 'Changed who may reach an endpoint',
  'endpoint.reset-password': 'Set a new password of an endpoint',
  'endpoint.read-connection': 'Read how to connect, with the password',
};

const THINGS: Record<string, string> = { project: 'project', endpoint: 'endpoint', 'api-key': 'API key', session: 'session' };

/** What was done. */
export function deedOf({ action, target }: Pick<AuditEvent, 'action' | 'target'>): string {
  const thing = THINGS[target.kind] ?? target.kind;
  if (action === 'manifest.create') return `Created ${withArticle(thing)} from YAML`;
  if (action === 'manifest.update') return `Changed ${withArticle(thing)} by YAML`;
  return DEEDS[action] ?? action;
}

/** What it was done to, by its name where it has one. A session is told of by the deed itself. */
export function targetOf({ target }: Pick<AuditEvent, 'target'>): string | undefined {
  if (target.kind === 'session') return target.name ?? undefined;
  return target.name || target.id;
}

/** Which members of the object a change was about, where the record says so. */
export function changedFields(detail: unknown): string[] {
  return typeof detail === 'object' && detail !== null && 'fields' in detail ? strings(detail.fields) : [];
}

/** What else is known of it. */
export function moreOf({ action, detail, target }: Pick<AuditEvent, 'action' | 'detail' | 'target'>): string | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { provider, ended, prefix } = detail as Record<string, unknown>;
  if (action === 'session.begin' && typeof provider === 'string') return `with ${PROVIDERS[provider] ?? provider}`;
  const others = strings(ended).filter((id) => id !== target.id).length;
  if (others > 0) return `and ${others === 1 ? 'one key' : `${others} keys`} made with it`;
  const changed = changedFields(detail);
  if (changed.length > 0) return changed.join(', ');
  return typeof prefix === 'string' ? `${prefix}…` : undefined;
}

const PROVIDERS: Record<string, string> = { google: 'Google', github: 'GitHub' };

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function withArticle(thing: string): string {
  return `${/^[aeiou]/i.test(thing) ? 'an' : 'a'} ${thing}`;
}
