// Things of a person's tenant, made past the console where a story is about something else.

import { expect, type BrowserContext } from '@playwright/test';
import { askApi, PREFIX } from './cluster';
import { sessionOf } from './person';
import { settings } from './settings';

export interface Thing {
  id: string;
  name: string;
}

export async function makeProject(context: BrowserContext, body: { name: string; displayName?: string }): Promise<Thing> {
  return make(context, '/v1/projects', { ...body, network: { allowedCidrs: [`${settings.clientAddress}/32`] } });
}

export async function makeEndpoint(context: BrowserContext, project: Thing): Promise<Thing> {
  return make(context, '/v1/endpoints', { project: project.id, name: `${PREFIX}${project.name}-main` });
}

/** A key, whole: answers of the console may not hold it. */
export async function makeKey(context: BrowserContext, body: { label: string; scopes?: readonly string[] }): Promise<{ key: string; prefix: string }> {
  return make(context, '/v1/api-keys', body);
}

/** Waits until the server of an endpoint answers. */
export async function untilRunning(context: BrowserContext, { id }: Thing): Promise<void> {
  const isReady = async () => {
    const answer = await askApi(`/v1/endpoints/${id}`, (await sessionOf(context)).accessToken);
    const { conditions } = (await answer.json()) as { conditions: { type: string; status: string }[] };
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  };
  await expect.poll(isReady, { message: 'the endpoint is ready', timeout: 120_000 }).toBe(true);
}

async function make<T>(context: BrowserContext, path: string, json: unknown): Promise<T> {
  const answer = await askApi(path, (await sessionOf(context)).accessToken, { method: 'POST', json });
  expect(answer.status, await answer.clone().text()).toBe(201);
  return (await answer.json()) as T;
}
