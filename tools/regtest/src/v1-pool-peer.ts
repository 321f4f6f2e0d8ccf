import type { Socket } from 'node:net';
import { JsonLines, toHex, type V1Line, wordHex } from './json-lines.ts';
import { readSubmit, type V1Refusal, type V1Submit, type V1Terms, type V1Work } from './v1-work.ts';

/** How a test pool is with a miner, and who it is towards the scenario. */
export interface PeerHost {
  readonly manners: {
    readonly versionMask: number;
    readonly knowsConfigure: boolean;
    readonly authorises: (username: string, password: string) => boolean;
  };
  onShare(peer: V1PoolPeer, submit: V1Submit): V1Refusal | undefined;
  /** What a miner goes on with that names a session of before: undefined when nothing is kept. */
  resumed(session: string): V1PoolPeer | undefined;
  onAuthorised(peer: V1PoolPeer, username: string): void;
  onReady(peer: V1PoolPeer): void;
  onClose(peer: V1PoolPeer): void;
}

/** A job that a miner has. */
interface Given {
  readonly work: V1Work;
  readonly terms: V1Terms;
  /** Hashes of shares that were accepted. */
  readonly seen: Set<string>;
  stale: boolean;
}

const UNKNOWN: V1Refusal = [20, 'Unknown method'];

/** One miner of a test pool: what it said, and what it may submit. */
export class V1PoolPeer {
  readonly lines: JsonLines;
  /** User names that may submit, in the order in which they came. */
  readonly usernames: string[] = [];
  /** What it was given, by job id. */
  jobs = new Map<string, Given>();
  userAgent = '';
  /** What its next job is sent with. */
  terms: V1Terms;
  /** Whether it asked for mining.set_extranonce. */
  takesExtranonce = false;
  /** Answers to submits that the scenario holds back. */
  readonly held: V1Line[] = [];
  holding = false;
  readonly #host: PeerHost;
  #subscribed = false;
  #told = Number.NaN;

  constructor(socket: Socket, host: PeerHost, terms: V1Terms) {
    this.#host = host;
    this.terms = terms;
    this.lines = new JsonLines(socket, (line) => this.#onLine(line));
    void this.lines.closed.then(() => host.onClose(this));
  }

  get ready(): boolean {
    return this.#subscribed && this.usernames.length > 0;
  }

  /** A notification. */
  tell(method: string, params: readonly unknown[]): void {
    this.lines.send({ id: null, method, params });
  }

  /** The difficulty goes in front of the job when it is another than before. */
  give(work: V1Work, clean: boolean): void {
    if (!this.ready) return;
    if (clean) for (const each of this.jobs.values()) each.stale = true;
    this.tellDifficulty();
    this.jobs.set(work.jobId, { work, terms: this.terms, seen: new Set(), stale: false });
    this.tell('mining.notify', work.notify(this.terms, clean));
  }

  tellDifficulty(): void {
    if (this.#told === this.terms.difficulty) return;
    this.#told = this.terms.difficulty;
    this.tell('mining.set_difficulty', [this.terms.difficulty]);
  }

  /** Answers that were held back go out now. */
  release(): void {
    this.holding = false;
    for (const line of this.held.splice(0)) this.lines.send(line);
  }

  #onLine({ id, method, params = [] }: V1Line): void {
    switch (method) {
      case 'mining.configure':
        return this.#onConfigure(id, params);
      case 'mining.subscribe':
        return this.#onSubscribe(id, params);
      case 'mining.extranonce.subscribe':
        this.takesExtranonce = true;
        return this.#answer(id, true);
      case 'mining.suggest_difficulty':
        return this.#answer(id, true);
      case 'mining.authorize':
        return this.#onAuthorise(id, String(params[0] ?? ''), String(params[1] ?? ''));
      case 'mining.submit':
        return this.#onSubmit(id, params);
      case undefined:
        return;
      default:
        return this.#refuse(id, UNKNOWN);
    }
  }

  #onSubscribe(id: unknown, [userAgent, session]: readonly unknown[]): void {
    this.#subscribed = true;
    this.userAgent = String(userAgent ?? '');
    const before = typeof session === 'string' ? this.#host.resumed(session) : undefined;
    if (before !== undefined) {
      this.terms = { ...this.terms, extranonce1: before.terms.extranonce1 };
      this.jobs = before.jobs;
    }
    const { extranonce1, extranonce2Size } = this.terms;
    this.#answer(id, [[['mining.notify', toHex(extranonce1)]], toHex(extranonce1), extranonce2Size]);
  }

  #onConfigure(id: unknown, [names, values]: readonly unknown[]): void {
    const { versionMask, knowsConfigure } = this.#host.manners;
    if (!knowsConfigure) return this.#refuse(id, UNKNOWN);
    if (!Array.isArray(names) || !names.includes('version-rolling')) return this.#answer(id, {});
    const asked = (values as Readonly<Record<string, string>> | undefined)?.['version-rolling.mask'] ?? 'ffffffff';
    const mask = (versionMask & Number.parseInt(asked, 16)) >>> 0;
    this.terms = { ...this.terms, versionMask: mask };
    if (mask === 0) return this.#answer(id, { 'version-rolling': false });
    return this.#answer(id, { 'version-rolling': true, 'version-rolling.mask': wordHex(mask) });
  }

  #onAuthorise(id: unknown, username: string, password: string): void {
    if (!this.#host.manners.authorises(username, password)) return this.#refuse(id, [24, 'Unauthorized worker']);
    const first = !this.ready;
    this.usernames.push(username);
    this.#answer(id, true);
    this.#host.onAuthorised(this, username);
    if (first && this.ready) this.#host.onReady(this);
  }

  #onSubmit(id: unknown, params: readonly unknown[]): void {
    const submit = readSubmit(params);
    const refusal: V1Refusal | undefined =
      submit === undefined ? [20, `Not a submit: ${JSON.stringify(params)}`] : this.#host.onShare(this, submit);
    const line: V1Line =
      refusal === undefined ? { id, result: true, error: null } : { id, result: null, error: [...refusal, null] };
    if (this.holding) this.held.push(line);
    else this.lines.send(line);
  }

  #answer(id: unknown, result: unknown): void {
    this.lines.send({ id, result, error: null });
  }

  #refuse(id: unknown, error: V1Refusal): void {
    this.lines.send({ id, result: null, error: [...error, null] });
  }
}
