// For probes: the server answers. Whether the API does is another matter, and no reason to restart this.

export function GET(): Response {
  return new Response('ok\n', { headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } });
}
