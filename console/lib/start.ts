// What is done when the server starts: configuration that is wrong ends the process with a message.

import 'server-only';
import { config } from './config';

export function start(): void {
  try {
    // next-auth builds the addresses that it gives to providers from this.
    process.env.NEXTAUTH_URL = config().consoleUrl;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
