// What the console knows of the tenant's projects and endpoints, put together from the API's events.
// Pure: an event and a state give the next state.

import type { components } from '@/lib/api/schema';

type Schemas = components['schemas'];

export interface Things {
  project: Schemas['ProjectView'];
  endpoint: Schemas['EndpointView'];
}

export type Kind = keyof Things;

type Known<T> = Readonly<Record<string, T>>;

export interface LiveState {
  project: Known<Things['project']>;
  endpoint: Known<Things['endpoint']>;
  /** Ids of what was deleted since the page was opened. */
  gone: readonly string[];
  /** Ids of what a stream has told of since it was opened, until it has told of everything it begins with. */
  told: readonly string[] | undefined;
  /** Whether all that there is has been told of at least once. */
  isSynced: boolean;
}

export const NOTHING: LiveState = { project: {}, endpoint: {}, gone: [], told: undefined, isSynced: false };

export type LiveEvent =
  /** A stream has been opened, the first or a later one. */
  | { kind: 'opened' }
  | { [K in Kind]: { kind: K; view: Things[K] } }[Kind]
  | { kind: 'deleted'; id: string }
  /** The stream has told of everything it begins with; `complete`: of all that there is. */
  | { kind: 'synced'; complete: boolean };

export function next(state: LiveState, event: LiveEvent): LiveState {
  switch (event.kind) {
    case 'opened':
      return { ...state, told: [] };
    case 'deleted':
      return {
        ...state,
        project: without(state.project, event.id),
        endpoint: without(state.endpoint, event.id),
        gone: [...state.gone, event.id],
      };
    case 'synced':
      return { ...(event.complete ? withoutLost(state) : state), told: undefined, isSynced: true };
    default:
      return {
        ...state,
        [event.kind]: { ...state[event.kind], [event.view.id]: event.view },
        told: state.told && [...state.told, event.view.id],
      };
  }
}

/** What was known and has not been told of again is gone. */
function withoutLost(state: LiveState): LiveState {
  if (!state.told) return state;
  const told = new Set(state.told);
  const lost = [...Object.keys(state.project), ...Object.keys(state.endpoint)].filter((id) => !told.has(id));
  return lost.reduce((rest, id) => next(rest, { kind: 'deleted', id }), state);
}

function without<T>(known: Known<T>, id: string): Known<T> {
  return id in known ? Object.fromEntries(Object.entries(known).filter(([key]) => key !== id)) : known;
}

/** The present list, oldest first: what the page was served with until the stream has told of everything. */
export function listOf<K extends Kind>(state: LiveState, kind: K, served: readonly Things[K][]): Things[K][] {
  const known = state[kind] as Known<Things[K]>;
  const gone = new Set(state.gone);
  const fromServer = state.isSynced ? [] : served.filter(({ id }) => !(id in known) && !gone.has(id));
  return [...fromServer, ...Object.values(known)].sort(
    (a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name),
  );
}
