import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Things } from '@/lib/live/state';
import { endpointManifest, projectManifest, wholeManifest } from './manifest';

const project = {
  id: 'prj-1',
  name: 'shop',
  displayName: 'The shop: “live”',
  postgresVersion: '17',
  quota: { endpoints: 3, cpu: '4', memory: '4Gi', storage: '20Gi' },
  network: { allowedCidrs: ['203.0.113.0/24'] },
  deletionProtection: true,
  deletionPolicy: 'Retain',
  endpoints: { ready: 1, total: 1 },
  conditions: [],
  createdAt: '2026-01-01T00:00:00Z',
  generation: 1,
  etag: '1',
} satisfies Things['project'];

const endpoint = {
  id: 'ep-1',
  name: 'shop-main',
  project: { id: 'prj-1', name: 'shop' },
  declaredByProject: false,
  compute: { cpu: '500m', memory: '512Mi' },
  storage: { size: '1Gi' },
  postgres: { parameters: { synchronous_commit: 'off', max_connections: '50', work_mem: '64MB' } },
  database: 'main',
  role: { name: 'app', passwordSource: 'operator' },
  access: { allowedCidrs: ['203.0.113.7/32'], inCluster: 'None' },
  desiredState: 'Running',
  phase: 'Running',
  address: '198.51.100.7',
  conditions: [],
  createdAt: '2026-01-01T00:00:00Z',
  generation: 1,
  etag: '1',
} satisfies Things['endpoint'];

/** As kubectl reads it. */
const read = (text: string) => parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as unknown);

test('a project is written as it was asked for, without its status', () => {
  const spec = {
    displayName: project.displayName,
    postgresVersion: '17',
    quota: project.quota,
    network: project.network,
    deletionProtection: true,
    deletionPolicy: 'Retain',
  };
  const metadata = { name: 'shop', namespace: 'acme' };
  expect(read(projectManifest(project, 'acme'))).toEqual([{ apiVersion: 'kisenon.com/v1alpha1', kind: 'Project', metadata, spec }]);
});

test('text stays text where YAML 1.1 would make a boolean or a number of it', () => {
  const text = endpointManifest(endpoint, 'acme');
  expect(text).not.toContain('%YAML');
  expect(read(text)).toMatchObject([{ kind: 'Endpoint', spec: { postgres: { parameters: endpoint.postgres.parameters } } }]);
  expect(read(projectManifest(project, 'acme'))).toMatchObject([{ spec: { postgresVersion: '17', quota: { cpu: '4' } } }]);
});

test('what is absent is left out', () => {
  const text = endpointManifest({ ...endpoint, access: null, postgres: { parameters: {} } }, 'acme');
  expect(text).not.toMatch(/access|postgres|className|null/);
});

test('where the password comes from is said if the file alone would not do', () => {
  const verifier = endpointManifest({ ...endpoint, role: { name: 'app', passwordSource: 'verifier' } }, 'acme');
  expect(verifier).toMatch(/^# Applied to this endpoint, the password stays/);
  expect(read(verifier)).toHaveLength(1);
});

test('the whole project leaves out what the project declares itself', () => {
  const declared = { ...endpoint, name: 'shop-replica', declaredByProject: true };
  expect(read(wholeManifest(project, [endpoint, declared], 'acme'))).toMatchObject([
    { kind: 'Project', metadata: { name: 'shop' } },
    { kind: 'Endpoint', metadata: { name: 'shop-main' } },
  ]);
});
