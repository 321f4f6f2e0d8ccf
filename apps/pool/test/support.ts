import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SubmitSolution, templateDistribution, type TemplatesFromServer } from '@sv2kit/codec';
import {
  createIdentity,
  createMetrics,
  Health,
  type Identity,
  Latencies,
  parseConfig,
  silentLogger,
  systemClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { inlineHandshakes, type Listener, listen, type Service, serve } from '@sv2kit/net';
import { formatUrl } from '@sv2kit/noise';
import { expect, onTestFinished } from 'vitest';
import { createPool, type Pool, type PoolDeps, poolConfig } from '../src/index.ts';
import { newTemplate, prevHash } from './templates.ts';

const folder = mkdtempSync(join(tmpdir(), 'sv2kit-pool-'));
const keyFile = join(folder, 'authority.key');
writeSecretFile(keyFile, 'authority-secret', randomBytes(32), []);

/** Asserts what becomes true in a while: on a machine with other things to do that may be seconds. */
export function eventually(probe: () => unknown): ReturnType<typeof expect.poll> {
  return expect.poll(probe, { timeout: 30_000 });
}

/** A folder of that name, for this file of tests. */
export function dataDir(name: string): string {
  return join(folder, name);
}

/** A service over encrypted sockets, whose port stays the same when it goes away and comes back. */
export class Neighbour {
  readonly #identity: Identity = createIdentity(
    { staticKeyFile: undefined, certificateFile: undefined, authoritySecretFile: keyFile, certificateDays: 1 },
    { clock: systemClock, log: silentLogger },
  );
  readonly #service: Service;
  #listener: Listener | undefined;
  #port = 0;

  constructor(service: Service) {
    this.#service = service;
  }

  /** @returns what it is configured by */
  async listen(): Promise<string> {
    this.#listener = await listen({
      host: '127.0.0.1',
      port: this.#port,
      identity: () => this.#identity.current(),
      services: [this.#service],
      handshakes: inlineHandshakes(),
    });
    this.#port = this.#listener.port;
    return formatUrl({ host: '127.0.0.1', port: this.#port, authority: this.#identity.authorityPublicKey });
  }

  async away(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  async close(): Promise<void> {
    this.#identity[Symbol.dispose]();
    await this.away();
  }
}

/** A template provider with one template of height 100. */
export class FakeTemplateProvider extends Neighbour {
  readonly solutions: SubmitSolution[];
  readonly #told: { tell: ((message: TemplatesFromServer) => void) | undefined };
  templates: TemplatesFromServer[] = [newTemplate(1, 100, true), prevHash(1, 99)];

  constructor() {
    const solutions: SubmitSolution[] = [];
    const told: { tell: ((message: TemplatesFromServer) => void) | undefined } = { tell: undefined };
    super(
      serve(templateDistribution, {
        accept: (connection) => {
          told.tell = (message) => connection.send(message);
          return {
            kind: 'accept',
            handler: {
              onMessage: (message) => {
                if (message.type === 'CoinbaseOutputConstraints')
                  for (const each of this.templates) connection.send(each);
                if (message.type === 'SubmitSolution')
                  solutions.push({ ...message, coinbaseTx: message.coinbaseTx.slice() });
              },
              onClose() {},
            },
          };
        },
      }),
    );
    this.solutions = solutions;
    this.#told = told;
  }

  says(...messages: TemplatesFromServer[]): void {
    for (const message of messages) this.#told.tell?.(message);
  }
}

export async function startProvider(): Promise<{ provider: FakeTemplateProvider; url: string }> {
  const provider = new FakeTemplateProvider();
  onTestFinished(() => provider.close());
  return { provider, url: await provider.listen() };
}

export interface PoolOptions {
  /** Lines of configuration besides what every pool here has; tables only. */
  readonly toml?: readonly string[];
  readonly deps?: Partial<PoolDeps>;
}

/** A pool of a template provider; closed by whoever started it. */
export async function startPool(
  url: string,
  directory: string,
  { toml = [], deps = {} }: PoolOptions = {},
): Promise<Pool & { health: Health }> {
  const lines = [
    'listen = "127.0.0.1:0"',
    'chain = "regtest"',
    `data_dir = "${directory}"`,
    '[identity]',
    `authority_secret_file = "${keyFile}"`,
    '[[template_providers]]',
    `url = "${url}"`,
    '[coinbase]',
    'descriptor = "raw(51)"',
    '[mining]',
    'min_difficulty = 1e-12',
    ...toml,
  ];
  const health = new Health(systemClock);
  const fail = (error: Error) => {
    throw error;
  };
  const own = {
    clock: systemClock,
    log: silentLogger,
    health,
    metrics: createMetrics(),
    latencies: new Latencies(),
    fail,
  };
  const config = parseConfig(poolConfig, lines.join('\n'), { name: 'pool' });
  return Object.assign(await createPool(config, { ...own, ...deps }), { health });
}
