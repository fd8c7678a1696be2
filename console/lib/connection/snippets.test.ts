import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { CLIENTS, connectionUri, type Target } from './snippets';

const target: Target = { host: '198.51.100.7', port: 5432, database: 'main', username: 'app', caFile: 'shop-main-ca.crt' };
const PASSWORD = `p'a"s$s\\w/o:r@d %`;

const code = (id: string) => CLIENTS.find((client) => client.id === id)?.code(target, PASSWORD) ?? '';

test('the URI asks for a checked certificate, and takes every password', () => {
  const url = new URL(code('uri'));
  expect(decodeURIComponent(url.password)).toBe(PASSWORD);
  expect(Object.fromEntries(url.searchParams)).toEqual({ sslmode: 'verify-full', sslrootcert: 'shop-main-ca.crt' });
  expect(code('uri')).not.toMatch(/['"$ ]/);
});

test('a stand-in for the password stays readable', () => {
  expect(connectionUri(target, '••••')).toContain('app:••••@');
});

test('a shell reads the environment as it is meant', () => {
  const read = execFileSync('sh', ['-c', `${code('env')}\nprintf %s "$PGPASSWORD|$PGSSLROOTCERT|$PGSSLMODE"`]).toString();
  expect(read).toBe(`${PASSWORD}|shop-main-ca.crt|verify-full`);
});

test('a shell gives psql the URI as one argument', () => {
  const read = execFileSync('sh', ['-c', `psql() { printf %s "$1"; }; ${code('psql')}`]).toString();
  expect(read).toBe(code('uri'));
});

test.each(CLIENTS.map(({ id }) => id))('%s names the host, the database and the certificate', (id) => {
  for (const part of [target.host, target.database, target.caFile]) expect(code(id)).toContain(part);
});
