'use client';
// Projects and endpoints that stay as they are in the cluster, without asking again.

import { useMemo, useSyncExternalStore } from 'react';
import { listOf, NOTHING, type Things } from './state';
import { liveConnection, liveState, subscribe, type Connection } from './stream';

const none = () => NOTHING;

function useLive() {
  return useSyncExternalStore(subscribe, liveState, none);
}

/** All projects. `served`: what the server component of the page has read. */
export function useProjects(served: readonly Things['project'][]): Things['project'][] {
  const state = useLive();
  return useMemo(() => listOf(state, 'project', served), [state, served]);
}

/** All endpoints, or those of the project with this id. */
export function useEndpoints(served: readonly Things['endpoint'][], projectId?: string): Things['endpoint'][] {
  const state = useLive();
  return useMemo(() => {
    const all = listOf(state, 'endpoint', served);
    return projectId === undefined ? all : all.filter(({ project }) => project.id === projectId);
  }, [state, served, projectId]);
}

/** One project; nothing once it is gone. */
export function useProject(served: Things['project']): Things['project'] | undefined {
  const state = useLive();
  return state.gone.includes(served.id) ? undefined : (state.project[served.id] ?? served);
}

/** One endpoint; nothing once it is gone. */
export function useEndpoint(served: Things['endpoint']): Things['endpoint'] | undefined {
  const state = useLive();
  return state.gone.includes(served.id) ? undefined : (state.endpoint[served.id] ?? served);
}

/** Whether changes arrive. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, liveConnection, () => 'connecting');
}
