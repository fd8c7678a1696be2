// The Postgres parameters that an endpoint may set, and how a person's rows become a patch. Pure.

/** As the API admits them; what their values may be, it says itself. */
export const PARAMETERS: readonly string[] = [
  'autovacuum_analyze_scale_factor',
  'autovacuum_naptime',
  'autovacuum_vacuum_scale_factor',
  'checkpoint_timeout',
  'deadlock_timeout',
  'default_statistics_target',
  'default_transaction_isolation',
  'effective_cache_size',
  'effective_io_concurrency',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'jit',
  'lock_timeout',
  'log_min_duration_statement',
  'maintenance_work_mem',
  'max_connections',
  'max_locks_per_transaction',
  'max_parallel_workers',
  'max_parallel_workers_per_gather',
  'max_wal_size',
  'min_wal_size',
  'random_page_cost',
  'seq_page_cost',
  'shared_buffers',
  'statement_timeout',
  'synchronous_commit',
  'temp_buffers',
  'temp_file_limit',
  'timezone',
  'work_mem',
];

export interface Row {
  name: string;
  value: string;
}

type Parameters = Readonly<Record<string, string>>;

export function parameterRows(parameters: Parameters): Row[] {
  return Object.entries(parameters)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Rows without any text are left out. */
export function parametersOf(rows: readonly Row[]): Record<string, string> {
  return Object.fromEntries(rows.filter(({ name }) => name).map(({ name, value }) => [name, value.trim()]));
}

/** What is wrong with a row, beside those before it. */
export function rowError({ name, value }: Row, before: readonly Row[]): Partial<Row> {
  if (!name && !value) return {};
  if (!PARAMETERS.includes(name)) return { name: name ? 'This one cannot be set: choose one of the list.' : 'Choose a parameter.' };
  if (before.some((other) => other.name === name)) return { name: 'It is set above already.' };
  if (!value.trim()) return { value: 'Write a value, or remove the row.' };
  if (!/^[\w./+ -]{1,64}$/.test(value.trim())) return { value: 'Write a number with its unit or a word, such as 64MB, 30s or on.' };
  return {};
}

/** A merge patch from one set of parameters to another: null gives a parameter its default back. */
export function parameterPatch(now: Parameters, wanted: Parameters): Record<string, string | null> {
  const removed = Object.keys(now).filter((name) => !(name in wanted));
  const changed = Object.entries(wanted).filter(([name, value]) => now[name] !== value);
  return Object.fromEntries([...removed.map((name) => [name, null] as const), ...changed]);
}
