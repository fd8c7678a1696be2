// Every change that pages make to projects and endpoints. What the API answers is told to the live state at once;
// whatever follows from it comes with the stream.

import type { components } from './schema';
import { tell } from '@/lib/live/stream';
import type { Things } from '@/lib/live/state';
import { browserApi, unwrap } from './browser';
import { guarded } from './guarded';

type Schemas = components['schemas'];
type Project = Things['project'];
type Endpoint = Things['endpoint'];

const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };

/** An entity tag as headers spell it (RFC 9110 section 8.8.3). */
const quoted = (etag: string) => `"${etag}"`;

async function toldProject(call: Promise<{ data?: Project; error?: unknown }>): Promise<Project> {
  const view = await unwrap(call);
  tell({ kind: 'project', view });
  return view;
}

async function toldEndpoint(call: Promise<{ data?: Endpoint; error?: unknown }>): Promise<Endpoint> {
  const view = await unwrap(call);
  tell({ kind: 'endpoint', view });
  return view;
}

export function createProject(body: Schemas['CreateProject'], idempotencyKey: string): Promise<Project> {
  return toldProject(browserApi.POST('/v1/projects', { body, params: { header: { 'Idempotency-Key': idempotencyKey } } }));
}

export function createEndpoint(body: Schemas['CreateEndpoint'], idempotencyKey: string): Promise<Endpoint> {
  return toldEndpoint(browserApi.POST('/v1/endpoints', { body, params: { header: { 'Idempotency-Key': idempotencyKey } } }));
}

/** Changes a project, unless what the person has looked at (`about`) was changed meanwhile. */
export function updateProject(seen: Project, body: Schemas['UpdateProject'], about: (view: Project) => unknown): Promise<Project> {
  const path = { id: seen.id };
  return guarded({
    seen,
    about,
    read: () => toldProject(browserApi.GET('/v1/projects/{id}', { params: { path } })),
    write: (etag) =>
      toldProject(browserApi.PATCH('/v1/projects/{id}', { body, headers: MERGE_PATCH, params: { path, header: { 'If-Match': quoted(etag) } } })),
  });
}

/** Changes an endpoint, unless what the person has looked at (`about`) was changed meanwhile. */
export function updateEndpoint(seen: Endpoint, body: Schemas['UpdateEndpoint'], about: (view: Endpoint) => unknown): Promise<Endpoint> {
  const path = { id: seen.id };
  return guarded({
    seen,
    about,
    read: () => toldEndpoint(browserApi.GET('/v1/endpoints/{id}', { params: { path } })),
    write: (etag) =>
      toldEndpoint(browserApi.PATCH('/v1/endpoints/{id}', { body, headers: MERGE_PATCH, params: { path, header: { 'If-Match': quoted(etag) } } })),
  });
}

export function suspendEndpoint(id: string): Promise<Endpoint> {
  return toldEndpoint(browserApi.POST('/v1/endpoints/{id}/suspend', { params: { path: { id } } }));
}

export function resumeEndpoint(id: string): Promise<Endpoint> {
  return toldEndpoint(browserApi.POST('/v1/endpoints/{id}/resume', { params: { path: { id } } }));
}

export async function deleteProject(id: string): Promise<void> {
  const view = await unwrap(browserApi.DELETE('/v1/projects/{id}', { params: { path: { id } } }));
  tell(view ? { kind: 'project', view } : { kind: 'deleted', id });
}

export async function deleteEndpoint(id: string): Promise<void> {
  const view = await unwrap(browserApi.DELETE('/v1/endpoints/{id}', { params: { path: { id } } }));
  tell(view ? { kind: 'endpoint', view } : { kind: 'deleted', id });
}

export function resetPassword(id: string): Promise<Schemas['NewPassword']> {
  return unwrap(browserApi.POST('/v1/endpoints/{id}/reset-password', { params: { path: { id } } }));
}

/** Holds the password: to be kept no longer than it is shown. Each reading is recorded. */
export function readConnection(id: string): Promise<Schemas['ConnectionView']> {
  return unwrap(browserApi.GET('/v1/endpoints/{id}/connection', { params: { path: { id } } }));
}

export function readAccess(id: string): Promise<Schemas['AccessExplanation']> {
  return unwrap(browserApi.GET('/v1/endpoints/{id}/access', { params: { path: { id } } }));
}

export function readAuditEvents(cursor?: string): Promise<Schemas['Page_AuditEventView']> {
  return unwrap(browserApi.GET('/v1/audit-events', { params: { query: { limit: 200, cursor } } }));
}
