// Lints: Next's own rules with TypeScript's, and the house's limits on size.

import { defineConfig, globalIgnores } from 'eslint/config';
import next from 'eslint-config-next/core-web-vitals';
import typescript from 'eslint-config-next/typescript';

export default defineConfig([
  ...next,
  ...typescript,
  {
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'react/forbid-dom-props': ['error', { forbid: [{ propName: 'style', message: 'The Content-Security-Policy refuses style attributes: use a CSS module.' }] }],
      'no-console': ['error', { allow: ['error', 'warn', 'info'] }],
      eqeqeq: 'error',
    },
  },
  globalIgnores(['.next/**', 'next-env.d.ts', 'lib/api/schema.d.ts', 'playwright-report/**', 'test-results/**']),
]);
