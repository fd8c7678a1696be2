// How each client connects to an endpoint: always with the certificate checked against the endpoint's own
// authority. Pure.

export interface Target {
  host: string;
  port: number;
  database: string;
  username: string;
  /** File that holds the authority's certificate. */
  caFile: string;
}

export interface Client {
  id: string;
  name: string;
  /** What it is written for. */
  note: string;
  code: (target: Target, password: string) => string;
}

/** A text within single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As `encodeURIComponent`, and what that leaves of the reserved characters (RFC 3986 section 2.2). */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function connectionUri({ host, port, database, username, caFile }: Target, password: string): string {
  return `postgresql://${username}:${password}@${host}:${port}/${database}?sslmode=verify-full&sslrootcert=${encoded(caFile)}`;
}

const uri = (target: Target, password: string) => connectionUri(target, encoded(password));

export const CLIENTS: readonly Client[] = [
  { id: 'psql', name: 'psql', note: 'Run it where the certificate file is.', code: (target, password) => `psql ${quoted(uri(target, password))}` },
  { id: 'uri', name: 'URI', note: 'For libpq and whatever is built on it.', code: uri },
  { id: 'env', name: 'Environment', note: 'libpq, and so psql and most drivers, read these.', code: environment },
  { id: 'node', name: 'Node.js', note: 'With the package pg.', code: node },
  { id: 'python', name: 'Python', note: 'With the package psycopg.', code: python },
  { id: 'rust', name: 'Rust', note: 'With sqlx, features postgres, runtime-tokio and tls-rustls.', code: rust },
];

function environment({ host, port, database, username, caFile }: Target, password: string): string {
  return [
    `export PGHOST=${host}`,
    `export PGPORT=${port}`,
    `export PGDATABASE=${database}`,
    `export PGUSER=${username}`,
    `export PGPASSWORD=${quoted(password)}`,
    'export PGSSLMODE=verify-full',
    `export PGSSLROOTCERT=${quoted(caFile)}`,
  ].join('\n');
}

function node({ host, port, database, username, caFile }: Target, password: string): string {
  return `import { readFileSync } from 'node:fs';
import pg from 'pg';

const client = new pg.Client({
  host: ${JSON.stringify(host)},
  port: ${port},
  database: ${JSON.stringify(database)},
  user: ${JSON.stringify(username)},
  password: ${JSON.stringify(password)},
  // The host again: earlier versions of pg do not check it where it is an address.
  ssl: { ca: readFileSync(${JSON.stringify(caFile)}, 'utf8'), host: ${JSON.stringify(host)} },
});
await client.connect();
console.log((await client.query('select version()')).rows);
await client.end();`;
}

function python(target: Target, password: string): string {
  return `import psycopg

uri = ${JSON.stringify(uri(target, password))}
with psycopg.connect(uri) as connection:
    print(connection.execute("select version()").fetchone())`;
}

function rust(target: Target, password: string): string {
  return `use sqlx::PgPool;

#[tokio::main]
async fn main() -> Result<(), sqlx::Error> {
    let pool = PgPool::connect(
        ${JSON.stringify(uri(target, password))},
    )
    .await?;
    let version: String = sqlx::query_scalar("select version()").fetch_one(&pool).await?;
    println!("{version}");
    Ok(())
}`;
}
