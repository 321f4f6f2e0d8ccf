import { Events } from '@sv2kit/monitor';
import { createMetrics, Health, Latencies, parseConfig, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTranslator, type Translator, translatorConfig } from '../src/index.ts';
import { type PoolHere, startPool } from './pool-here.ts';
import {
  type Json,
  type Mode,
  type Reached,
  readTranscripts,
  type Step,
  type Transcript,
} from './transcripts-format.ts';
import { TranscriptPeer } from './transcripts-peer.ts';

const DIFFICULTY = 2 ** -24;
const MODES: readonly Mode[] = ['separate', 'aggregated'];

/** A pool, a translator in front of it, and the connections that a transcript opens. */
class Stage {
  readonly clock: VirtualClock;
  readonly pool: PoolHere;
  readonly translator: Translator;
  readonly #style: 'compact' | 'spaced';
  readonly #difficulty: number;
  readonly #mode: Mode;
  readonly #peers = new Map<string, TranscriptPeer>();
  readonly #shared = { session: undefined, serial: 0 };

  constructor(
    parts: { clock: VirtualClock; pool: PoolHere; translator: Translator },
    terms: { style: 'compact' | 'spaced'; difficulty: number; mode: Mode },
  ) {
    this.clock = parts.clock;
    this.pool = parts.pool;
    this.translator = parts.translator;
    this.#style = terms.style;
    this.#difficulty = terms.difficulty;
    this.#mode = terms.mode;
  }

  async play(step: Step): Promise<void> {
    const peer = this.#peer(step.peer ?? 'miner');
    if ('send' in step) await peer.send(step.send, this.#style, step.newline ?? '\n', step.cut ?? 'lines');
    else if ('expect' in step) await peer.expect(step.expect);
    else if ('expectEach' in step) await peer.expectEach(step.expectEach);
    else if ('firstRead' in step) await peer.firstRead(step.firstRead);
    else if ('quiet' in step) await peer.quiet();
    else if ('mine' in step) peer.mine(step.mine);
    else if ('advance' in step) await this.#advance(step.advance);
    else if ('pool' in step) await this.#poolDoes(step.pool);
    else if ('reached' in step) await this.#reached(step.reached);
    else await peer.closed();
  }

  end(): void {
    for (const peer of this.#peers.values()) peer.end();
  }

  #peer(name: string): TranscriptPeer {
    const peer =
      this.#peers.get(name) ?? new TranscriptPeer(this.translator.address.port, this.#difficulty, this.#shared);
    this.#peers.set(name, peer);
    return peer;
  }

  async #advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) await this.clock.advanceAsync(1000);
  }

  async #poolDoes(what: Extract<Step, { pool: unknown }>['pool']): Promise<void> {
    if (what === 'new-tip') this.pool.newTip();
    else if (what === 'new-template') this.pool.newTemplate();
    else if (what === 'away') await this.pool.away();
    else await this.#poolReturns();
  }

  /** The time until the next try passes in small pieces, so that the connection is not late for its own timeouts. */
  async #poolReturns(): Promise<void> {
    await this.pool.back();
    const connections = async (): Promise<number> => {
      await this.clock.advanceAsync(100);
      return this.pool.server.status().connections;
    };
    await expect.poll(connections, { interval: 10, timeout: 20_000 }).toBe(1);
  }

  async #reached({ shares, identities, workers }: Reached): Promise<void> {
    if (shares !== undefined) await expect.poll(() => this.pool.shares.length, { timeout: 10_000 }).toBe(shares);
    const named = this.pool.shares.map(({ worker }) => (worker === undefined ? '' : new TextDecoder().decode(worker)));
    if (workers !== undefined) expect(named).toEqual(workers);
    // One channel for all has the name of whoever came first.
    if (identities === undefined || this.#mode === 'aggregated') return;
    expect(this.pool.identities).toEqual(identities);
  }
}

async function stageFor(transcript: Transcript, mode: Mode, style: 'compact' | 'spaced'): Promise<Stage> {
  const { difficulty = DIFFICULTY, version, refuses = [] } = transcript.pool ?? {};
  const clock = new VirtualClock();
  const pool = await startPool({
    clock,
    difficulty,
    ...(version !== undefined && { version: Number.parseInt(version, 16) }),
    refuses: (identity) => (refuses.includes(identity) ? 'unknown-user' : undefined),
  });
  const metrics = createMetrics();
  const settings = { listen: '127.0.0.1:0', aggregate_channels: mode === 'aggregated', ...transcript.translator };
  const account = transcript.account === undefined ? '' : `user_identity = "${transcript.account}"\n`;
  const text = `${toml(settings)}\n[[upstreams]]\nurl = "${pool.url}"\n${account}`;
  const config = parseConfig(translatorConfig, text, { name: 'translator', file: 'transcript.toml', environment: {} });
  const events = new Events();
  const deps = { clock, events, health: new Health(clock), latencies: new Latencies(), log: silentLogger, metrics };
  const translator = await createTranslator(config, deps);
  const stage = new Stage({ clock, pool, translator }, { style, difficulty, mode });
  onTestFinished(async () => {
    stage.end();
    await translator.close();
  });
  await expect.poll(() => pool.server.status().connections, { timeout: 10_000 }).toBe(1);
  return stage;
}

/** Settings and one level of sections. */
function toml(settings: { readonly [key: string]: Json }): string {
  const isSection = ([, value]: [string, Json]): boolean => value !== null && typeof value === 'object';
  const lines = (entries: [string, Json][]): string[] =>
    entries.map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const entries = Object.entries(settings);
  const sections = entries
    .filter(isSection)
    .map(([key, value]) => [`[${key}]`, ...lines(Object.entries(value as object))]);
  return [...lines(entries.filter((entry) => !isSection(entry))), ...sections.flat()].join('\n');
}

for (const { family, style = 'compact', transcripts } of readTranscripts()) {
  describe(family, () => {
    for (const transcript of transcripts) {
      test.each(transcript.modes ?? MODES)(`${transcript.name} (%s channels)`, { timeout: 60_000 }, async (mode) => {
        const stage = await stageFor(transcript, mode, style);
        for (const [index, step] of transcript.steps.entries()) {
          try {
            await stage.play(step);
          } catch (error) {
            throw new Error(`step ${index + 1}, ${JSON.stringify(step)}`, { cause: error });
          }
        }
      });
    }
  });
}
