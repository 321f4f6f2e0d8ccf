import { TOKEN_KEY_SIZE } from '../token.ts';
import { DECLARATION_LIMITS, type DeclarationLimits } from '../limits.ts';
import type { JobMode } from '../mode.ts';
import { sameBytes } from '@sv2kit/bitcoin';
import { DeclarationPeer } from './declaration-peer.ts';
import type { CheckResult, DeclarationEffect, SolvedJob } from './effects.ts';
import { JobBook, type Solution } from './job-book.ts';
import type { DeclarationsOptions, DeclarationTip, Surroundings } from './surroundings.ts';
import { TokenIds } from './token-desk.ts';

/** How much is going on. */
export interface DeclarationsView {
  readonly connections: { readonly [mode in JobMode]: number };
  readonly liveTokens: number;
  /** Declarations that are being judged. */
  readonly pending: number;
  /** Declared jobs that a block may be found on. */
  readonly jobs: number;
  readonly jobBytes: number;
}

/**
 * A job declarator server (§6.1) without input or output: every connection's tokens and declarations, and the jobs that
 * blocks may be found on. Whatever is called, `drain` has the effects afterwards.
 */
export class Declarations {
  readonly #limits: DeclarationLimits;
  readonly #jobs: JobBook;
  readonly #hall: Surroundings;
  readonly #peers = new Map<number, DeclarationPeer>();
  /** Who waits for which check. */
  readonly #checks = new Map<number, { readonly peer: number; readonly requestId: number }>();
  #effects: DeclarationEffect[] = [];
  #tip: DeclarationTip | undefined;
  #lastCheck = 0;

  constructor(options: DeclarationsOptions) {
    if (options.key.length !== TOKEN_KEY_SIZE) throw new RangeError(`a token key has ${TOKEN_KEY_SIZE} bytes`);
    if (options.seed.length < 16) throw new RangeError('a seed has at least 16 bytes');
    this.#limits = { ...DECLARATION_LIMITS, ...options.limits };
    this.#jobs = new JobBook(this.#limits, (handle) => this.#effects.push({ kind: 'release', handle }));
    this.#hall = this.#surroundings(options);
  }

  #surroundings(options: DeclarationsOptions): Surroundings {
    const tip = () => this.#tip;
    return {
      options,
      limits: this.#limits,
      ids: new TokenIds(options.seed),
      jobs: this.#jobs,
      load: { connections: 0, pending: 0, providedBytes: 0 },
      get tip() {
        return tip();
      },
      expect: (peer, requestId) => {
        this.#lastCheck += 1;
        this.#checks.set(this.#lastCheck, { peer, requestId });
        return this.#lastCheck;
      },
      cancel: (check) => {
        this.#checks.delete(check);
        this.#effects.push({ kind: 'cancel', check });
      },
      emit: (effect) => this.#effects.push(effect),
    };
  }

  /** A connection is set up. @param id no other open one has it */
  connect(id: number, mode: JobMode, nowMs: number): DeclarationPeer {
    if (this.#peers.has(id)) throw new Error(`there is a connection ${id}`);
    const peer = new DeclarationPeer(id, mode, this.#hall, nowMs);
    this.#peers.set(id, peer);
    this.#hall.load.connections = this.#peers.size;
    return peer;
  }

  /** A connection has ended. */
  disconnect(id: number): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#letGo(peer);
  }

  #letGo(peer: DeclarationPeer): void {
    const stays = peer.leave();
    this.#jobs.closed(peer.id);
    if (!stays) this.#peers.delete(peer.id);
    this.#hall.load.connections = this.#peers.size;
  }

  /** What the node's best block is; undefined while the node cannot be asked. Tell before all else that depends on it. */
  setTip(tip: DeclarationTip | undefined, nowMs: number): void {
    const before = this.#tip;
    if (tip === undefined || (before !== undefined && sameBytes(before.hash, tip.hash))) {
      this.#tip = tip;
      return;
    }
    this.#tip = tip;
    this.#jobs.passed(tip.height);
    for (const peer of this.#peers.values()) {
      peer.desk.tipChanged(nowMs);
      if (peer.hasLeft) this.#letGo(peer);
    }
  }

  /** The node's answer to a check. */
  checked(check: number, result: CheckResult, nowMs: number): void {
    const waiting = this.#checks.get(check);
    this.#checks.delete(check);
    const peer = waiting === undefined ? undefined : this.#peers.get(waiting.peer);
    const isAwaited = waiting !== undefined && peer?.checked(check, waiting.requestId, result, nowMs) === true;
    if (peer?.hasLeft === true) this.#letGo(peer);
    if (!isAwaited && result.kind === 'valid') this.#effects.push({ kind: 'release', handle: result.handle });
  }

  /** The block that a solution makes of any declared job; for a pool in the same process. */
  solve(solution: Solution): SolvedJob | undefined {
    return this.#jobs.solve(solution);
  }

  /** The node holds too much for declared jobs: half of them are forgotten, the latest of each open connection last. */
  shed(): void {
    this.#jobs.shed();
  }

  /** To be called a few times a second. */
  tick(nowMs: number): void {
    for (const peer of this.#peers.values()) if (!peer.hasLeft) peer.tick(nowMs);
  }

  /** What is to be done, in order; each effect once. */
  drain(): readonly DeclarationEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  view(): DeclarationsView {
    const connections = { 'full-template': 0, 'coinbase-only': 0 };
    let liveTokens = 0;
    for (const peer of this.#peers.values()) {
      if (!peer.hasLeft) connections[peer.mode] += 1;
      liveTokens += peer.liveTokens;
    }
    const { size, bytes } = this.#jobs;
    return { connections, liveTokens, pending: this.#hall.load.pending, jobs: size, jobBytes: bytes };
  }
}
