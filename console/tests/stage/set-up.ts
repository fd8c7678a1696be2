// What is done once before the stories, and undone after them.

import { trustAuthorities } from './browser-home';
import { endQuarantine } from './cluster';

export default async function setUp(): Promise<() => void> {
  await endQuarantine();
  return trustAuthorities();
}
