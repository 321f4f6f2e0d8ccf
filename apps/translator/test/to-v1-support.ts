import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMetrics,
  Health,
  Latencies,
  type LogFields,
  type Logger,
  parseConfig,
  silentLogger,
  systemClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { expect, onTestFinished } from 'vitest';
import {
  createTranslatorToV1,
  type TranslatorToV1,
  type TranslatorToV1Deps,
  translatorToV1Config,
} from '../src/index.ts';
import { type DeviceOptions, V2Device } from './to-v1-device.ts';

const folder = mkdtempSync(join(tmpdir(), 'sv2kit-to-v1-'));
const keyFile = join(folder, 'authority.key');
writeSecretFile(keyFile, 'authority-secret', randomBytes(32), []);
let started = 0;

/** Asserts what becomes true in a while: on a machine with other things to do that may be seconds. */
export function eventually(probe: () => unknown): ReturnType<typeof expect.poll> {
  return expect.poll(probe, { timeout: 30_000, interval: 10 });
}

interface Logged {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A translator that runs, and what it says of itself. */
export interface Started extends TranslatorToV1 {
  readonly health: Health;
  readonly directory: string;
  readonly logged: Logged[];
  readonly metricsText: () => Promise<string>;
  facts(): Facts;
}

/** The parts of /status that tests look at. */
export interface Facts {
  readonly channels: number;
  readonly pool: {
    readonly inUse: string | null;
    readonly failure: { readonly reason: string; readonly detail: string } | null;
    readonly job: { readonly id: string; readonly difficulty: number; readonly devicesMayRoll: string } | null;
    readonly extranonce: { readonly channelsFit: number; readonly bytesToRoll: number } | null;
    readonly workers: number;
  };
  readonly shares: {
    readonly accepted: number;
    readonly rejected: Readonly<Record<string, number>>;
    readonly withheld: number;
    readonly relayed: { readonly count: number };
    readonly acceptedByPool: { readonly count: number; readonly work: number };
    readonly refusedByPool: Readonly<Record<string, { readonly count: number }>>;
    readonly lostBy: Readonly<Record<string, { readonly count: number }>>;
    readonly held: number;
    readonly unanswered: number;
  };
  readonly users: readonly { readonly user: string; readonly accepted: { readonly count: number } }[];
  readonly poolFailures: Readonly<Record<string, number>>;
  readonly suspensions: number;
  readonly blocks: readonly {
    readonly hash: string;
    readonly state: string;
    readonly by: string;
    readonly path: string;
  }[];
}

/** Retries within a test's patience. */
export const QUICK = { backoffMs: 20, maxBackoffMs: 50, benchMs: 20, maxBenchMs: 50, stableMs: 20 };

export interface StartOptions {
  /** Whole tables. */
  readonly toml?: readonly string[];
  readonly user?: string;
  readonly deps?: Partial<TranslatorToV1Deps>;
}

/** A translator of these pools, in order of preference. */
export async function startTranslator(urls: readonly string[], options: StartOptions = {}): Promise<Started> {
  started += 1;
  const directory = join(folder, String(started));
  const { toml = [], user = 'account', deps = {} } = options;
  const text = [
    'listen = "127.0.0.1:0"',
    `data_dir = "${directory}"`,
    '[identity]',
    `authority_secret_file = "${keyFile}"`,
    ...urls.flatMap((url) => ['[[upstreams]]', `url = "${url}"`, `user = "${user}"`]),
    ...(toml.some((line) => line === '[mining]') ? [] : ['[mining]', 'min_difficulty = 1e-12']),
    '[acknowledgements]',
    'count = 1',
    'delay = 1',
    ...toml,
  ].join('\n');
  const logged: Started['logged'] = [];
  const metrics = createMetrics();
  const health = new Health(systemClock);
  health.started();
  const translator = await createTranslatorToV1(parseConfig(translatorToV1Config, text, { name: 'translator-to-v1' }), {
    clock: systemClock,
    log: recorder(logged),
    metrics,
    latencies: new Latencies(),
    events: new Events(),
    health,
    fail: (error) => {
      throw error;
    },
    poolPolicy: QUICK,
    ...deps,
  });
  onTestFinished(() => translator.close());
  const facts = () => translator.status?.() as unknown as Facts;
  return { ...translator, health, directory, logged, facts, metricsText: () => metrics.text() };
}

/** A device that has its first job. */
export async function working(translator: TranslatorToV1, options?: DeviceOptions): Promise<V2Device> {
  let device: V2Device | undefined;
  await eventually(async () => {
    device = await V2Device.connect(translator, options);
    return true;
  }).toBe(true);
  const connected = device;
  if (connected === undefined) throw new Error('not connected');
  await eventually(() => connected.client.currentWork()).toBeDefined();
  return connected;
}

function recorder(logged: Logged[]): Logger {
  const note =
    (level: Logged['level']) =>
    (message: string, fields: LogFields = {}) =>
      void logged.push({ level, message, fields });
  const [debug, info, warn, error] = [note('debug'), note('info'), note('warn'), note('error')];
  return { ...silentLogger, debug, info, warn, error, child: () => recorder(logged) };
}
