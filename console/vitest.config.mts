// Unit tests of what is pure or can be called without a browser.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^@\//, replacement: here }] },
  // As in Next's server layer, where the mark "server-only" is empty.
  ssr: { resolve: { conditions: ['react-server', 'node', 'import', 'default'] } },
  test: { include: ['**/*.test.ts'], exclude: ['node_modules/**', '.next/**'] },
});
