// Another site in the same browser, on a loopback address: Chromium lets no public one reach the cluster's LAN.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class OtherSite {
  private body = '';
  private readonly server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(this.body));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  show(html: string): void {
    this.body = `<!doctype html><title>Another site</title>${html}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
