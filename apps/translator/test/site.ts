// A translator with its surroundings, for one test.
import { createMetrics, Health, Latencies, parseConfig, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { onTestFinished } from 'vitest';
import { createTranslator, type Translator, translatorConfig } from '../src/index.ts';
import { type PoolHere, type PoolHereOptions, startPool } from './pool-here.ts';
import { V1Miner } from './v1-miner.ts';

/** One hash in 256. */
export const EASY: number = 2 ** -24;

export interface SiteOptions {
  readonly aggregate?: boolean;
  /** Lines of TOML beyond the usual ones; top-level keys first. */
  readonly top?: readonly string[];
  readonly tables?: readonly string[];
  readonly miners?: readonly string[];
  readonly pool?: Partial<PoolHereOptions>;
  /** How many pools, the preferred one first. */
  readonly pools?: number;
  readonly identities?: readonly (string | undefined)[];
  /** Plain upstreams in place of pools. */
  readonly urls?: readonly string[];
  readonly listen?: string;
}

export class Site {
  readonly clock: VirtualClock;
  readonly pools: readonly PoolHere[];
  readonly translator: Translator;
  readonly health: Health;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly events: Events;
  readonly latencies: Latencies;

  constructor(parts: Pick<Site, 'clock' | 'pools' | 'translator' | 'health' | 'metrics' | 'events' | 'latencies'>) {
    this.clock = parts.clock;
    this.pools = parts.pools;
    this.translator = parts.translator;
    this.health = parts.health;
    this.metrics = parts.metrics;
    this.events = parts.events;
    this.latencies = parts.latencies;
  }

  get pool(): PoolHere {
    return this.pools[0] as PoolHere;
  }

  get port(): number {
    return this.translator.address.port;
  }

  async miner(options: Parameters<typeof V1Miner.mining>[1] = {}): Promise<V1Miner> {
    const miner = await V1Miner.mining(this.port, options);
    onTestFinished(() => miner.close());
    return miner;
  }

  status<T = Record<string, unknown>>(): T {
    return this.translator.status() as T;
  }

  /** Time passes in steps, with whatever it sets off. */
  async pass(ms: number, step = 1_000): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const clock = new VirtualClock(1_767_225_600_000);
  const pools: PoolHere[] = [];
  const count = options.urls === undefined ? (options.pools ?? 1) : 0;
  for (let i = 0; i < count; i += 1) {
    pools.push(await startPool({ clock, difficulty: EASY, ...options.pool }));
  }
  const { identities = ['alice'] } = options;
  const security = options.urls === undefined ? 'noise' : 'plain';
  const upstreams = (options.urls ?? pools.map(({ url }) => url)).flatMap((url, i) => {
    const identity = identities[i];
    return ['[[upstreams]]', `url = "${url}"`, ...(identity === undefined ? [] : [`user_identity = "${identity}"`])];
  });
  const miners = [`min_difficulty = ${2 ** -32}`, `start_difficulty = ${EASY}`, ...(options.miners ?? [])];
  const text = [
    `listen = "${options.listen ?? '127.0.0.1:0'}"`,
    `aggregate_channels = ${options.aggregate === true}`,
    ...(options.top ?? []),
    ...upstreams,
    '[miners]',
    ...miners,
    ...(options.tables ?? []),
  ];
  const config = parseConfig(translatorConfig, text.join('\n'), { name: 'translator' });
  const health = new Health(clock);
  const metrics = createMetrics();
  const events = new Events({ now: () => clock.now() });
  const latencies = new Latencies();
  const deps = { clock, events, health, latencies, log: silentLogger, metrics, security } as const;
  const translator = await createTranslator(config, deps);
  onTestFinished(() => translator.close());
  return new Site({ clock, pools, translator, health, metrics, events, latencies });
}
