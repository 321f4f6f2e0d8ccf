import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from './config/address.ts';
import type { HealthReport } from './health.ts';
import type { LatencySummary } from './latency.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What GET /status answers. */
export interface StatusReport extends HealthReport {
  readonly name: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly uptimeSeconds: number;
  /** Counters and gauges by series, e.g. `sv2_pool_shares_total{outcome="accepted"}`. */
  readonly counters: Readonly<Record<string, number>>;
  readonly latency: Readonly<Record<string, LatencySummary>>;
  /** What the service itself adds. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface MonitoringOptions {
  readonly address: Address;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: () => HealthReport;
  readonly status: () => Promise<StatusReport>;
}

/** A running monitoring endpoint. */
export interface Monitoring {
  readonly address: Address;
  close(): Promise<void>;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const REQUEST_TIMEOUT_MS = 5000;

/** Serves GET /health (200 while the service does its work, else 503, with reasons), /metrics (Prometheus) and /status (JSON). Read-only. */
export async function openMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const server = createServer((request, response) => void respond(request, response, options));
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const { host, port } = options.address;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A string only for pipes, null only when closed: this server listens on TCP.
  const bound = server.address() as AddressInfo;
  return { address: { host, port: bound.port }, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, options: MonitoringOptions): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, options);
  } catch (error) {
    options.log.error('monitoring request failed', { path: request.url, error });
    answer = json(500, { error: 'internal error; see the log' });
  }
  response.writeHead(answer.code, { 'content-type': answer.type, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function answerTo(request: IncomingMessage, options: MonitoringOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET is served here' });
  switch ((request.url ?? '/').split('?')[0]) {
    case '/health': {
      const report = options.health();
      return json(report.serving ? 200 : 503, report);
    }
    case '/metrics':
      return { code: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await options.metrics.text() };
    case '/status':
      return json(200, await options.status());
    default:
      return json(404, { error: 'known here: /health, /metrics, /status' });
  }
}

function json(code: number, value: unknown): Answer {
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2);
  return { code, type: JSON_TYPE, body: `${text}\n` };
}
