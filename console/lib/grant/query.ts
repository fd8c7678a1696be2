// The query of a page as the browser sent it. Next gives pages a record, in which repetitions are lists.

export function queryOf(record: Record<string, string | string[] | undefined>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(record)) {
    for (const value of [values ?? []].flat()) query.append(name, value);
  }
  return query;
}
