import type { Monitor, MonitorOptions } from './options.ts';

/**
 * Serves the surface of a role over HTTP, read-only: /health, /metrics, /status, /api/v1/… and a page that lists them.
 * Without a token no web page of another origin is answered; with one, nobody who does not show it.
 *
 * @throws what the system says of an address that cannot be listened on
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  // The server and its schemas take a tenth of a second and 50 MB: only who asks for them loads them.
  const { serve } = await import('./surface/serve.ts');
  return await serve(options);
}
