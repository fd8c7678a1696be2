import { afterEach, expect, test, vi } from 'vitest';

const settings = vi.hoisted(() => ({ apiSecret: undefined as string | undefined }));
vi.mock('@/lib/config', () => ({ config: () => settings }));
const { forwarded } = await import('./origin');

afterEach(() => {
  settings.apiSecret = undefined;
});

test('a person’s address goes to the API with the proof that it is this console’s', () => {
  settings.apiSecret = 's'.repeat(32);
  expect(forwarded('192.0.2.7')).toEqual({ 'x-forwarded-for': '192.0.2.7', 'kisenon-console-secret': 's'.repeat(32) });
});

test('the secret goes nowhere without an address, and no address without the secret', () => {
  expect(forwarded('192.0.2.7')).toEqual({});
  settings.apiSecret = 's'.repeat(32);
  expect(forwarded(null)).toEqual({});
});
