// Projects and endpoints as manifests for Git and `kubectl apply`: what was asked for, without what became of it.
// The API shows neither passwords nor their verifiers, so a manifest never holds one.

import { Document } from 'yaml';
import type { Things } from '@/lib/live/state';

const API_VERSION = 'kisenon.com/v1alpha1';

type Members = Record<string, unknown>;

/** The manifest of a project. */
export function projectManifest(project: Things['project'], namespace: string): string {
  const { displayName, postgresVersion, quota, network, deletionProtection, deletionPolicy } = project;
  const { endpoints, cpu, memory, storage } = quota;
  const spec = {
    displayName,
    postgresVersion,
    quota: { endpoints, cpu, memory, storage },
    network: network && { allowedCidrs: network.allowedCidrs },
    deletionProtection,
    deletionPolicy,
  };
  return write('Project', project.name, namespace, spec);
}

/** The manifest of an endpoint. */
export function endpointManifest(endpoint: Things['endpoint'], namespace: string): string {
  const { project, compute, storage, postgres, database, role, access, desiredState } = endpoint;
  const parameters = postgres?.parameters ?? {};
  const spec = {
    project: project.name,
    compute: { cpu: compute.cpu, memory: compute.memory },
    storage: { size: storage.size, className: storage.className },
    postgres: Object.keys(parameters).length > 0 ? { parameters } : undefined,
    database,
    role: { name: role.name },
    access: access && { allowedCidrs: access.allowedCidrs, inCluster: access.inCluster },
    desiredState,
  };
  return write('Endpoint', endpoint.name, namespace, spec, passwordNote(endpoint));
}

/** A project with its endpoints, as documents of one file. Those that the project declares come with it. */
export function wholeManifest(project: Things['project'], endpoints: readonly Things['endpoint'][], namespace: string): string {
  const own = endpoints.filter((endpoint) => !endpoint.declaredByProject);
  return [projectManifest(project, namespace), ...own.map((endpoint) => endpointManifest(endpoint, namespace))].join('---\n');
}

function passwordNote({ role }: Things['endpoint']): string | undefined {
  switch (role.passwordSource) {
    case 'secret':
      return ' The password is in a Secret: this file needs the role.passwordSecretRef that the object has.';
    case 'verifier':
      return ' Applied to this endpoint, the password stays as it is. A new one made from this file gets a password of its own.';
    default:
      return undefined;
  }
}

function write(kind: string, name: string, namespace: string, spec: Members, note?: string): string {
  const manifest = { apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec: withoutAbsent(spec) };
  // kubectl reads YAML 1.1, where a bare `on` is a boolean.
  const document = new Document(manifest, { version: '1.1' });
  document.directives = undefined;
  if (note) document.commentBefore = note;
  return document.toString({ lineWidth: 0 });
}

function withoutAbsent(members: Members): Members {
  const present = Object.entries(members).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([key, value]) => [key, isMembers(value) ? withoutAbsent(value) : value]));
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
