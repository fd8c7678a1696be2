// The console's server: Next behind TLS of our own, in development and in the image alike.
//
//   CONSOLE_TLS_CERTIFICATE, CONSOLE_TLS_KEY   PEM files; what they hold is read again when they change
//   CONSOLE_PORT (3443), CONSOLE_ADDRESS (::)  where to listen
//   --dev                                      compile pages as they are asked for
//
// The rest of the environment is described in lib/config.ts.

import { existsSync, readFileSync, watchFile } from 'node:fs';
import { createServer } from 'node:https';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const isDevelopment = process.argv.includes('--dev');

/** How long requests that have begun may take once the server is told to stop. Streams are ended then. */
const GRACE = 10_000;
/** How often the certificate's files are looked at. Kubernetes swaps links, of which no event tells. */
const LOOK = 10_000;

function setting(name, otherwise) {
  const value = process.env[name] || otherwise;
  if (value !== undefined) return value;
  console.error(`the console cannot start: ${name} is missing`);
  return process.exit(1);
}

const files = { cert: setting('CONSOLE_TLS_CERTIFICATE'), key: setting('CONSOLE_TLS_KEY') };
const port = Number(setting('CONSOLE_PORT', '3443'));
const address = setting('CONSOLE_ADDRESS', '::');

const readPair = () => ({ cert: readFileSync(files.cert), key: readFileSync(files.key) });

/** The next pair is taken once both files belong together; until then the last one serves. */
function followFiles(server) {
  const reload = () => {
    try {
      server.setSecureContext({ ...readPair(), minVersion: 'TLSv1.2' });
      console.info('the certificate was read again');
    } catch (error) {
      console.warn('the new certificate cannot be used, the last one stays:', error.message);
    }
  };
  for (const file of Object.values(files)) watchFile(file, { interval: LOOK }, reload).unref();
}

/** The configuration as it was built, so that the image needs neither next.config.mjs nor a compiler. */
function takeBuiltConfiguration() {
  const built = join(here, '.next', 'required-server-files.json');
  if (!existsSync(built)) {
    console.error('the console is not built: npm run build, or node server.mjs --dev');
    process.exit(1);
  }
  process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(JSON.parse(readFileSync(built, 'utf8')).config);
}

process.env.NODE_ENV = isDevelopment ? 'development' : 'production';
process.env.NEXT_TELEMETRY_DISABLED = '1';
process.chdir(here);
if (!isDevelopment) takeBuiltConfiguration();

// After the environment is set: Next reads it when it is loaded.
const { default: next } = await import('next');

const tls = { ...readPair(), minVersion: 'TLSv1.2' };
const server = createServer(tls);
const app = next({ dev: isDevelopment, dir: here, hostname: 'localhost', port, httpServer: server });
await app.prepare();
const handle = app.getRequestHandler();

server.on('request', (request, response) => {
  // Whom the API counts: appended on the right, where it looks, so that nothing a client sends is believed.
  const before = request.headers['x-forwarded-for'];
  request.headers['x-forwarded-for'] = [before, request.socket.remoteAddress].filter(Boolean).join(', ');
  for (const name of ['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'forwarded']) delete request.headers[name];
  handle(request, response).catch((error) => {
    console.error('a request failed:', error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

followFiles(server);
server.listen(port, address, () => console.info(`the console listens on port ${port}`));

function stop() {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), GRACE).unref();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
