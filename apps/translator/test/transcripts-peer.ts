import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { Cut, Expected, Json } from './transcripts-format.ts';
import { type HeardJob, type HeardSubscription, type MinedWords, mine, readJob } from './transcripts-work.ts';
import type { MineWish } from './transcripts-format.ts';

/** After so long what is waited for will not come; real time. */
const PATIENCE_MS = 10_000;
/** Id of the requests that tell when everything before them has been answered. */
const PROBE = 'still there?';

/** Characters of a line that no server has to take. */
const LONG_LINE = 40_000;

type Line = { readonly [key: string]: Json };

/** What the connections of a transcript have in common. */
export interface SharedWords {
  /** Of the last subscription. */
  session: string | undefined;
  /** Shares searched so far. */
  serial: number;
}

/** One V1 connection that says what a transcript says, and holds what comes back against it. */
export class TranscriptPeer {
  readonly #socket: Socket;
  readonly #upstreamDifficulty: number;
  readonly #lines: string[] = [];
  readonly #all: string[] = [];
  readonly #jobs: HeardJob[] = [];
  #rest = '';
  #firstRead: Buffer | undefined;
  #closed = false;
  #wake: () => void = () => {};
  #subscription: HeardSubscription | undefined;
  #difficulty = 1;
  #mined: MinedWords | undefined;
  readonly #shared: SharedWords;

  constructor(port: number, upstreamDifficulty: number, shared: SharedWords) {
    this.#upstreamDifficulty = upstreamDifficulty;
    this.#shared = shared;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  async send(items: readonly Json[], style: 'compact' | 'spaced', newline: string, cut: Cut): Promise<void> {
    const texts = items.map(
      (item) => `${this.#filled(typeof item === 'string' ? item : written(item, style))}${newline}`,
    );
    const pieces = cut === 'lines' ? texts : cutUp(Buffer.from(texts.join('')), cut);
    for (const piece of pieces) {
      this.#socket.write(piece);
      // So that each arrives by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The next lines, in this order. */
  async expect(expected: readonly Expected[]): Promise<void> {
    for (const each of expected) {
      const line = await this.#next(each);
      if ('line' in each) expect(line).toBe(this.#filled(each.line));
      else this.#check(JSON.parse(line) as Line, each);
    }
  }

  /** The next lines are those of all lists: each list in its order, the lists mixed in any way. */
  async expectEach(lists: readonly (readonly Expected[])[]): Promise<void> {
    const left = lists.map((list) => [...list]);
    while (left.some((list) => list.length > 0)) {
      const heads = left.filter((list) => list.length > 0);
      const line = JSON.parse(await this.#next(heads.map(([first]) => first))) as Line;
      const match = heads.find(([first]) => first !== undefined && isKind(line, first)) ?? heads[0];
      const expected = match?.shift();
      if (expected !== undefined) this.#check(line, expected);
    }
  }

  async firstRead({ within, has }: { within: number; has: readonly string[] }): Promise<void> {
    while (this.#firstRead === undefined) await this.#more(`a first read with ${has.join(', ')}`);
    const text = this.#firstRead.subarray(0, within).toString('latin1');
    for (const each of has) expect(text, `the first ${within} bytes`).toContain(each);
  }

  /** Nothing has come that no expectation took, up to the answer to a request sent now. */
  async quiet(): Promise<void> {
    this.#socket.write(`${JSON.stringify({ id: PROBE, method: 'mining.ping', params: [] })}\n`);
    const line = JSON.parse(await this.#next('silence')) as Line;
    expect(line['id'], `unasked: ${JSON.stringify(line)}`).toBe(PROBE);
  }

  async closed(): Promise<void> {
    while (!this.#closed) await this.#more('the end of the connection');
  }

  mine(wish: MineWish): void {
    const job = wish.job === undefined ? this.#jobs.at(-1) : this.#jobs[wish.job];
    if (this.#subscription === undefined || job === undefined) throw new Error('nothing to mine yet');
    this.#shared.serial += 1;
    this.#mined = mine(this.#subscription, job, wish, wish.difficulty ?? this.#difficulty, this.#shared.serial);
  }

  #check(line: Line, expected: Expected): void {
    if ('line' in expected) {
      throw new Error('an exact line has no place among lists that mix');
    } else if ('answer' in expected) {
      expect(line).toEqual({ id: expected.answer, result: pattern(expected.result), error: null });
    } else if ('refused' in expected) {
      const error = [expected.code, expect.any(String), null];
      expect(line).toEqual({ id: expected.refused, result: expect.toSatisfy(isNo), error });
    } else if ('subscription' in expected) {
      this.#onSubscription(line, expected);
    } else if ('difficulty' in expected) {
      this.#onDifficulty(line, expected.difficulty);
    } else if ('mask' in expected) {
      expect(line).toEqual({ id: null, method: 'mining.set_version_mask', params: [expected.mask] });
    } else if ('job' in expected) {
      this.#onJob(line, expected.job);
    } else {
      expect(line).toEqual(pattern(expected.request));
    }
  }

  #onSubscription(line: Line, { subscription, extranonce2Size }: Extract<Expected, { subscription: Json }>): void {
    const details = [
      ['mining.set_difficulty', expect.any(String)],
      ['mining.notify', expect.any(String)],
    ];
    const extranonce1 = expect.stringMatching(/^(?:[0-9a-f]{2}){1,8}$/);
    expect(line).toEqual({ id: subscription, result: [details, extranonce1, extranonce2Size], error: null });
    const [[, [, session]], digits] = line['result'] as [[Json, [Json, string]], string];
    this.#subscription = { extranonce1: digits, extranonce2Size };
    this.#shared.session = session;
  }

  #onDifficulty(line: Line, wanted: Extract<Expected, { difficulty: unknown }>['difficulty']): void {
    expect(line).toEqual({ id: null, method: 'mining.set_difficulty', params: [expect.any(Number)] });
    const [difficulty] = line['params'] as [number];
    expect(Math.log2(difficulty), `difficulty ${difficulty} is a power of two`).toSatisfy(Number.isInteger);
    if (wanted === 'upstream') expect(difficulty).toBe(2 ** Math.floor(Math.log2(this.#upstreamDifficulty)));
    else if (typeof wanted === 'number') expect(difficulty).toBe(wanted);
    else {
      expect(difficulty).toBeGreaterThanOrEqual(wanted.atLeast ?? 0);
      expect(difficulty).toBeLessThanOrEqual(wanted.atMost ?? Number.POSITIVE_INFINITY);
    }
    this.#difficulty = difficulty;
  }

  #onJob(line: Line, { clean, version }: Extract<Expected, { job: unknown }>['job']): void {
    expect(line).toEqual({ id: null, method: 'mining.notify', params: expect.any(Array) });
    const job = readJob(line['params'] as readonly Json[]);
    expect(
      this.#jobs.map(({ id }) => id),
      'job ids so far',
    ).not.toContain(job.id);
    if (clean !== undefined) expect(job.clean, 'clean_jobs').toBe(clean);
    if (version !== undefined) expect(job.version, 'version').toBe(version);
    this.#jobs.push(job);
  }

  /** A line with the words of the last share and of the subscription in it. */
  #filled(text: string): string {
    const words: Record<string, string | undefined> = {
      ...this.#mined,
      session: this.#shared.session,
      longLine: 'x'.repeat(LONG_LINE),
    };
    return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      const word = words[name];
      if (word === undefined) throw new Error(`nothing is known yet as \${${name}}`);
      return word;
    });
  }

  async #next(wanted: unknown): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await this.#more(JSON.stringify(wanted));
    }
  }

  async #more(wanted: string): Promise<void> {
    const heard = (): string => `waited for ${wanted}; heard:\n${this.#all.join('\n')}`;
    if (this.#closed) throw new Error(`the connection has ended; ${heard()}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(heard())), PATIENCE_MS);
    this.#wake = resolve;
    await promise.finally(() => clearTimeout(timer));
  }

  #onData(chunk: Buffer): void {
    this.#firstRead ??= chunk;
    const lines = `${this.#rest}${chunk.toString('latin1')}`.split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines);
    this.#all.push(...lines);
    this.#wake();
  }
}

/** Whether a line is of the kind that is expected; whether it is right is seen later. */
function isKind(line: Line, expected: Expected): boolean {
  if ('answer' in expected) return line['method'] === undefined && same(line['id'], expected.answer);
  if ('refused' in expected) return line['method'] === undefined && same(line['id'], expected.refused);
  if ('subscription' in expected) return line['method'] === undefined && same(line['id'], expected.subscription);
  if ('difficulty' in expected) return line['method'] === 'mining.set_difficulty';
  if ('mask' in expected) return line['method'] === 'mining.set_version_mask';
  return 'job' in expected ? line['method'] === 'mining.notify' : line['method'] !== undefined;
}

function same(a: Json | undefined, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isNo(value: unknown): boolean {
  return value === null || value === false;
}

/** JSON in which "?string", "?number", "?boolean" and "?any" stand for any value of the kind. */
function pattern(wanted: Json): unknown {
  if (wanted === '?string') return expect.any(String);
  if (wanted === '?number') return expect.any(Number);
  if (wanted === '?boolean') return expect.any(Boolean);
  if (wanted === '?any') return expect.toSatisfy(() => true);
  if (Array.isArray(wanted)) return wanted.map((each) => pattern(each as Json));
  if (wanted === null || typeof wanted !== 'object') return wanted;
  return Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, pattern(value)]));
}

function written(value: Json, style: 'compact' | 'spaced'): string {
  if (style === 'compact' || value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => written(each as Json, style)).join(', ')}]`;
  const members = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${written(each, style)}`);
  return `{${members.join(', ')}}`;
}

function cutUp(bytes: Buffer, cut: Exclude<Cut, 'lines'>): Buffer[] {
  if (cut === 'together') return [bytes];
  const places = cut === 'bytes' ? Array.from(bytes, (_, index) => index) : [0, ...cut];
  return places.map((place, index) => bytes.subarray(place, places[index + 1]));
}
