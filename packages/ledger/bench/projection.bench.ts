import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProjection } from '../src/database/open-projection.ts';
import type { Projection } from '../src/database/projection.ts';
import type { JournalEntry } from '../src/index.ts';
import { findPostgres, TestPostgres } from '../test/postgres.ts';

const WORKERS = 50_000;
const BATCH = 20_000;
const T0 = 1_800_000_000_000;

const directory = mkdtempSync(join(tmpdir(), 'sv2kit-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

/** A pool of 50,000 workers that send 20,000 shares a second, projected a second at a time. */
class BusyPool {
  readonly #projection: Promise<Projection>;
  #position = 0;
  #seed = 1;

  constructor(projection: Promise<Projection>) {
    this.#projection = projection;
  }

  async open(): Promise<void> {
    const projection = await this.#projection;
    await projection.apply([this.#entry({ type: 'Start', timeMs: T0, bootEpoch: 1 })]);
    const channels = Array.from({ length: WORKERS }, (_, channelKey) => this.#opened(channelKey));
    for (let from = 0; from < WORKERS; from += 5000) await projection.apply(channels.slice(from, from + 5000));
    await this.second();
  }

  async second(): Promise<void> {
    const timeMs = T0 + Math.floor(this.#position / 20);
    await (await this.#projection).apply(Array.from({ length: BATCH }, () => this.#share(timeMs)));
  }

  async list(): Promise<void> {
    await (await this.#projection).query('workers', { offset: 100, limit: 100, sort: 'work' });
  }

  async history(): Promise<void> {
    await (await this.#projection).query('worker', { user: 'bc1qexampleexampleexampleexample7', worker: 'rig' });
  }

  #entry(record: JournalEntry['record']): JournalEntry {
    this.#position += 1;
    return { position: this.#position, record };
  }

  #opened(channelKey: number): JournalEntry {
    const userIdentity = new TextEncoder().encode(`bc1qexampleexampleexampleexample${channelKey}.rig`);
    const channel = { channelKey, connection: channelKey, channelId: channelKey, kind: 'extended' } as const;
    const peer = { extranoncePrefix: new Uint8Array(8), remote: '192.0.2.1:5000', device: 'maker model' };
    return this.#entry({ type: 'ChannelOpened', timeMs: T0, ...channel, userIdentity, ...peer });
  }

  #share(timeMs: number): JournalEntry {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    const channelKey = Math.floor((this.#seed / 2 ** 32) * WORKERS);
    const hash = new Uint8Array(32).fill(this.#seed & 0xff, 0, 26);
    const submitted = { sequenceNumber: 1, jobId: 3, nonce: 1, ntime: 2, version: 3, extranonce: new Uint8Array(4) };
    const share = { difficulty: 1024 * (1 + (this.#seed % 50)), hash, userIdentity: undefined, isBlock: false };
    return this.#entry({ type: 'ShareAccepted', timeMs, channelKey, ...submitted, ...share });
  }
}

const sqlite = new BusyPool(openProjection({ kind: 'sqlite', file: join(directory, 'ledger.sqlite') }));
await sqlite.open();

/** What to measure: name -> one iteration. Run by `npm run bench -- ledger`. */
export const suite: Record<string, () => void | Promise<void>> = {
  '20,000 shares of 50,000 workers, projected into SQLite': () => sqlite.second(),
  'a page of 50,000 workers by work, from SQLite': () => sqlite.list(),
  'the history of one worker, from SQLite': () => sqlite.history(),
};

if (findPostgres() !== undefined) {
  const server = await TestPostgres.start();
  process.once('beforeExit', () => void server.stop());
  const postgres = new BusyPool(openProjection({ kind: 'postgres', url: await server.newDatabase() }));
  await postgres.open();
  suite['20,000 shares of 50,000 workers, projected into PostgreSQL'] = () => postgres.second();
  suite['a page of 50,000 workers by work, from PostgreSQL'] = () => postgres.list();
  suite['the history of one worker, from PostgreSQL'] = () => postgres.history();
}
