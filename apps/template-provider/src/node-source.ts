import { type CoinbaseReserve, isTrusted, type MiningNode, type NodeTemplate } from '@sv2kit/bitcoin-node';
import { DEFAULT_RESERVE, NodeStreams, type NodeStreamsDeps } from './node-streams.ts';

/** One node, as the feed follows it. */
export class NodeSource {
  readonly node: MiningNode;
  readonly streams: NodeStreams;
  /** Since when it is as it is: there, or not there. Unix ms. */
  #sinceMs: number;
  #isThere = false;
  readonly #held: NodeStreamsDeps['held'];

  constructor(deps: NodeStreamsDeps) {
    this.#held = deps.held;
    this.node = deps.node;
    this.streams = new NodeStreams(deps);
    this.#sinceMs = deps.clock.now();
  }

  /** It has given a template since it was last away, and its health is good. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** It answers, and must not be mined on: it may be on another chain. */
  get isRefused(): boolean {
    return !isTrusted(this.node.health());
  }

  get latest(): NodeTemplate | undefined {
    return this.streams.latest;
  }

  /** Of its latest template; 0 before the first. */
  get height(): number {
    return this.latest?.height ?? 0;
  }

  /** How its templates come, as far as it is known: held over IPC, whole over JSON-RPC. */
  get backEnd(): 'ipc' | 'rpc' | null {
    if (this.latest === undefined) return null;
    return this.latest.kind === 'held' ? 'ipc' : 'rpc';
  }

  /** Since when it is as it is, unix ms. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** For how long it is as it is, in ms. */
  forMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** The clock was set back by so much: nothing is younger for it. */
  shift(ms: number): void {
    this.#sinceMs -= ms;
  }

  /** Notes the node's health; a node is there when it has given a template since it was last away. */
  look(nowMs: number): void {
    const { state, lastTemplateAtMs } = this.node.health();
    const isThere =
      state === 'ok' && this.latest !== undefined && (this.#isThere || (lastTemplateAtMs ?? 0) >= this.#sinceMs);
    if (isThere !== this.#isThere) this.#sinceMs = nowMs;
    if (!isThere && this.#isThere) this.#held.doubt(this.node);
    this.#isThere = isThere;
  }

  /** Follows what clients need, each exactly, when its templates are the ones that they get. */
  serve(wanted: readonly CoinbaseReserve[]): void {
    if (this.latest?.kind !== 'held') this.standBy(wanted);
    else this.streams.follow(wanted.length === 0 ? [DEFAULT_RESERVE] : wanted);
  }

  /** Follows one stream that would do for everybody. */
  standBy(wanted: readonly CoinbaseReserve[]): void {
    if (this.latest?.kind === 'whole') this.streams.followOne(DEFAULT_RESERVE);
    else this.streams.follow([coveringAll(wanted)]);
  }
}

function coveringAll(reserves: readonly CoinbaseReserve[]): CoinbaseReserve {
  return [DEFAULT_RESERVE, ...reserves].reduce((a, b) => ({
    weight: Math.max(a.weight, b.weight),
    sigops: Math.max(a.sigops, b.sigops),
  }));
}
