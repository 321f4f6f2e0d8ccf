import { sameBytes } from '@sv2kit/bitcoin';
import type { CoinbaseReserve, MiningNode, NodeTemplate } from '@sv2kit/bitcoin-node';
import type { Clock } from '@sv2kit/daemon';
import type { HeldTemplates } from './held-templates.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import { RateLimit } from './rate-limit.ts';

export interface NodeStreamsDeps {
  readonly node: MiningNode;
  readonly held: Pick<HeldTemplates, 'add' | 'retire' | 'doubt' | 'isDoubtful'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onTemplate(template: NodeTemplate): void;
}

/** What a node keeps free when nobody says more: Bitcoin Core's own. */
export const DEFAULT_RESERVE: CoinbaseReserve = { weight: 8000, sigops: 400 };

/** One stream of templates, all with the same reserve if the node holds them. */
class Stream {
  readonly reserve: CoinbaseReserve;
  readonly ending = new AbortController();
  latest: NodeTemplate | undefined;
  /** Since when no client needs it, unix ms. */
  unwantedSinceMs: number | undefined;

  constructor({ weight, sigops }: CoinbaseReserve) {
    this.reserve = { weight, sigops };
  }

  isFor({ weight, sigops }: CoinbaseReserve): boolean {
    return this.reserve.weight === weight && this.reserve.sigops === sigops;
  }
}

/**
 * The templates of one node. A node that holds its templates builds one for each reserve, in a stream of its own; one
 * that gives them whole needs one stream for everybody. Each stream by itself is in order; one may be behind the others.
 */
export class NodeStreams {
  readonly #deps: NodeStreamsDeps;
  readonly #streams = new Set<Stream>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #starts: RateLimit;
  #latest: NodeTemplate | undefined;

  constructor(deps: NodeStreamsDeps) {
    this.#deps = deps;
    this.#starts = new RateLimit(LIMITS.streamsPerMinute, deps.clock.now());
    deps.signal.addEventListener('abort', () => this.#endIfIdle());
  }

  /** The template that came last. */
  get latest(): NodeTemplate | undefined {
    return this.#latest;
  }

  /** The last template of each stream, of those that are on the node's tip; without those that it may have forgotten. */
  get current(): readonly NodeTemplate[] {
    const all = Array.from(this.#streams).flatMap(({ latest }) => latest ?? []);
    const sound = all.filter((template) => !this.#deps.held.isDoubtful(template));
    const latest = sound.length > 0 ? sound : all;
    const [best] = latest.toSorted((a, b) => b.height - a.height || b.receivedAtMs - a.receivedAtMs);
    return best === undefined ? [] : latest.filter(({ prevHash }) => sameBytes(prevHash, best.prevHash));
  }

  /** What each stream keeps free, the oldest first. */
  get reserves(): readonly CoinbaseReserve[] {
    return Array.from(this.#streams, ({ reserve }) => reserve);
  }

  /** Resolves when the signal has aborted and no stream is left; rejects when one fails. */
  untilEnded(): Promise<void> {
    this.#endIfIdle();
    return this.#ended.promise;
  }

  /** Follows templates with these reserves, and for a while yet those that were wanted before. */
  follow(wanted: readonly CoinbaseReserve[]): void {
    if (this.#deps.signal.aborted) return;
    const nowMs = this.#deps.clock.now();
    const again: NodeTemplate[] = [];
    for (const stream of this.#streams) {
      const isWanted = wanted.some((reserve) => stream.isFor(reserve));
      if (isWanted && stream.unwantedSinceMs !== undefined) again.push(...(stream.latest ? [stream.latest] : []));
      if (isWanted) stream.unwantedSinceMs = undefined;
      else stream.unwantedSinceMs ??= nowMs;
    }
    for (const reserve of wanted) {
      const known = Array.from(this.#streams).some((stream) => stream.isFor(reserve));
      if (!known && this.#makeRoom() && this.#starts.take(nowMs)) this.#start(reserve);
    }
    this.#drop(nowMs);
    // What nobody wanted was forgotten; the node does not say it twice.
    for (const template of again) this.#deps.onTemplate(template);
  }

  /** Follows one stream, whichever there is. */
  followOne(reserve: CoinbaseReserve): void {
    const [first, ...others] = this.#streams;
    if (first === undefined) return this.follow([reserve]);
    first.unwantedSinceMs = undefined;
    for (const stream of others) this.#end(stream);
  }

  #start(reserve: CoinbaseReserve): void {
    const stream = new Stream(reserve);
    this.#streams.add(stream);
    this.#run(stream).then(
      () => this.#endIfIdle(),
      (error: unknown) => this.#ended.reject(error),
    );
  }

  async #run(stream: Stream): Promise<void> {
    const { node, signal } = this.#deps;
    const either = AbortSignal.any([signal, stream.ending.signal]);
    try {
      for await (const template of node.templates(either, stream.reserve)) {
        if (either.aborted) {
          if (template.kind === 'held') template.release();
          return;
        }
        this.#onTemplate(stream, template);
      }
    } finally {
      this.#end(stream);
    }
  }

  #onTemplate(stream: Stream, template: NodeTemplate): void {
    if (template.kind === 'held') this.#deps.held.add(template, this.#deps.node);
    this.#retire(stream.latest);
    stream.latest = template;
    this.#latest = template;
    this.#deps.onTemplate(template);
  }

  /**
   * Ends what is not wanted any more, once what is wanted has a template: at once what was for nobody, after a while what
   * a client had. On a new tip the node builds the templates of its streams one after the other.
   */
  #drop(nowMs: number): void {
    const streams = Array.from(this.#streams);
    if (!streams.some(({ unwantedSinceMs, latest }) => unwantedSinceMs === undefined && latest !== undefined)) return;
    for (const stream of streams) {
      const { unwantedSinceMs } = stream;
      if (unwantedSinceMs === undefined) continue;
      const lingerMs = stream.isFor(DEFAULT_RESERVE) ? 0 : LIMITS.streamLingerMs;
      if (nowMs - unwantedSinceMs >= lingerMs) this.#end(stream);
    }
  }

  /** Whether another stream may be begun; one that is not wanted gives way to it. */
  #makeRoom(): boolean {
    if (this.#streams.size < LIMITS.streams) return true;
    const unwanted = Array.from(this.#streams).find(({ unwantedSinceMs }) => unwantedSinceMs !== undefined);
    if (unwanted !== undefined) this.#end(unwanted);
    return unwanted !== undefined;
  }

  #end(stream: Stream): void {
    stream.ending.abort();
    this.#retire(stream.latest);
    stream.latest = undefined;
    this.#streams.delete(stream);
  }

  #retire(template: NodeTemplate | undefined): void {
    if (template?.kind === 'held') this.#deps.held.retire(template);
  }

  #endIfIdle(): void {
    if (this.#deps.signal.aborted && this.#streams.size === 0) this.#ended.resolve();
  }
}
