// Both translators as they are, on real sockets: a stranger among V1 miners, and a strange V1 pool.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '@sv2kit/codec';
import { parseConfig, writeSecretFile } from '@sv2kit/daemon';
import { createTranslator, createTranslatorToV1, translatorConfig, translatorToV1Config } from '@sv2kit/translator';
import { integer, pieces } from './random.ts';
import { Mistakes, RawPeer, serviceDeps, within } from './surroundings.ts';
import type { Target } from './target.ts';
import { MoodyUpstream } from './v2-upstream.ts';
import { MINER_OPENING, minerStream, poolStream } from './v1-lines.ts';

const NOTIFY = /"mining\.notify","params":\["(\d+)"/;
const minersToml = (port: number, aggregate: boolean): string => `listen = "127.0.0.1:0"
aggregate_channels = ${aggregate}
[[upstreams]]
url = "stratum2+tcp://127.0.0.1:${port}"
[miners]
shares_per_minute = 1000000
min_difficulty = 0.000000000001
start_difficulty = 0.000000000001
`;

/** An honest miner beside a stranger, who says anything at all: one is served, the other is ended or answered. */
const minersTarget: Target = async (random) => {
  const mistakes = new Mistakes();
  await using upstream = await new MoodyUpstream(random).open();
  const config = parseConfig(translatorConfig, minersToml(upstream.port, random() < 0.5), { name: 'translator' });
  const translator = await createTranslator(config, { ...serviceDeps(mistakes), security: 'plain' });
  try {
    const { port } = translator.address;
    const honest = new RawPeer(port);
    honest.say(MINER_OPENING);
    const [, job] = (await honest.hears(NOTIFY)) ?? [];
    if (job === undefined) throw new Error('an honest miner gets no work');
    await misbehave(random, port, job);
    honest.say('{"id":"ask","method":"mining.ping","params":[]}\n');
    const pong = await honest.hears(/"id":"ask","result":"pong"/);
    if (pong === undefined) throw new Error('an honest miner is let go');
    await honest.end();
  } finally {
    await within("a translator's end", translator.close());
  }
  mistakes.expectNone();
};

async function misbehave(random: Random, port: number, job: string): Promise<void> {
  const stranger = new RawPeer(port);
  if (random() < 0.9) {
    stranger.say(MINER_OPENING);
    if (random() < 0.9) await stranger.hears(NOTIFY);
  }
  for (const piece of pieces(random, minerStream(random, [job, String(Number(job) + 1)], 30))) stranger.say(piece);
  await stranger.end();
}

const poolToml = (port: number, folder: string): string => `listen = "127.0.0.1:0"
data_dir = "${folder}/data"
[identity]
authority_secret_file = "${folder}/authority.key"
[[upstreams]]
url = "stratum+tcp://127.0.0.1:${port}"
user = "account"
[mining]
min_difficulty = 0.000000000001
`;
/** A pool that went away is tried again within an iteration's time. */
const QUICK = { backoffMs: 5, maxBackoffMs: 10, benchMs: 5, maxBenchMs: 10, stableMs: 5 };
const MOST_CONNECTIONS = 3;
/** Long enough for a translator to act on what it hears. */
const STAY_MS = 20;

/** A pool that says anything, and goes; the translator comes back as often as it is heard. */
const poolTarget: Target = async (random) => {
  const mistakes = new Mistakes();
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-fuzz-'));
  writeSecretFile(join(folder, 'authority.key'), 'authority-secret', new Uint8Array(32).fill(7), []);
  const pool = new StrangePool(random);
  const config = parseConfig(translatorToV1Config, poolToml(await pool.open(), folder), { name: 'translator-to-v1' });
  const translator = await createTranslatorToV1(config, { ...serviceDeps(mistakes), poolPolicy: QUICK });
  try {
    await within('a translator to come back', pool.heard);
  } finally {
    await within("a translator's end", translator.close());
    pool.close();
    rmSync(folder, { recursive: true });
  }
  mistakes.expectNone();
};

/** Says anything to whoever connects, then ends the connection, some times. */
class StrangePool {
  readonly heard: Promise<void>;
  readonly #random: Random;
  readonly #server = createServer((socket) => this.#onSocket(socket));
  readonly #done = Promise.withResolvers<void>();
  #left: number;

  constructor(random: Random) {
    this.#random = random;
    this.heard = this.#done.promise;
    this.#left = 1 + integer(random, MOST_CONNECTIONS);
  }

  async open(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
  }

  #onSocket(socket: Socket): void {
    socket.on('error', () => {});
    socket.resume();
    socket.on('close', () => {
      this.#left -= 1;
      if (this.#left === 0) this.#done.resolve();
    });
    for (const piece of pieces(this.#random, poolStream(this.#random, 30))) socket.write(piece);
    setTimeout(() => socket.end(), STAY_MS);
  }
}

/** By name. */
export const translatorTargets: Readonly<Record<string, Target>> = {
  'translator:miners': minersTarget,
  'translator:pool': poolTarget,
};
