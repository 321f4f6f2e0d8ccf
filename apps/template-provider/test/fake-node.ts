import {
  encodeOutputs,
  fromDisplayHash,
  heightPush,
  merklePathOf,
  sha256d,
  targetFromNbits,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type {
  BlockTransaction,
  CoinbaseReserve,
  Confirmation,
  HeldSolution,
  HeldTemplate,
  MiningNode,
  NodeHealth,
  NodeTemplate,
  NodeTip,
  SubmitResult,
  WholeTemplate,
} from '@sv2kit/bitcoin-node';
import type { VirtualClock } from '@sv2kit/daemon';

/** An async iterable that a test pushes into. */
class Pushed<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#waiting.push(value);
    this.#wake?.();
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  async *until(signal: AbortSignal): AsyncGenerator<T> {
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    }
    signal.removeEventListener('abort', wake);
  }
}

/** One stream of a fake node. */
interface FakeStream {
  readonly reserve: CoinbaseReserve | undefined;
  readonly templates: Pushed<NodeTemplate>;
}

/** A node that does what a test says. */
export class FakeNode implements MiningNode {
  readonly name: string;
  readonly submitted: Uint8Array[] = [];
  /** What `submitBlock` answers. */
  answer: () => Promise<SubmitResult> = () => Promise.resolve({ kind: 'accepted' });
  confirmation: Confirmation = { inBestChain: true, confirmations: 1, height: 101 };
  takesBlocks = true;
  closed = false;
  /** Those that are followed now. */
  readonly streams = new Set<FakeStream>();
  /** What a stream begins with, if the node knows it already. */
  first: (reserve: CoinbaseReserve | undefined) => NodeTemplate | undefined = () => undefined;
  readonly #early: NodeTemplate[] = [];
  readonly #clock: VirtualClock;
  readonly #tips = new Pushed<NodeTip>();
  #health: NodeHealth = { state: 'connecting', reason: 'no answer from the node yet' };

  constructor(name: string, clock: VirtualClock) {
    this.name = name;
    this.#clock = clock;
  }

  /** What the streams keep free that are followed now. */
  get reserves(): readonly (CoinbaseReserve | undefined)[] {
    return Array.from(this.streams, ({ reserve }) => reserve);
  }

  /** To the stream of its reserve, if the node holds it; otherwise to all. */
  give(template: NodeTemplate): void {
    this.#health = { state: 'ok', chain: 'regtest', lastTemplateAtMs: this.#clock.now() };
    if (this.streams.size === 0) this.#early.push(template);
    for (const { reserve, templates } of this.streams) {
      if (template.kind === 'whole' || reserve?.weight === template.reserve.weight) templates.push(template);
    }
  }

  announce(tip: NodeTip): void {
    this.#tips.push(tip);
  }

  goAway(reason = 'connection refused'): void {
    this.#health = { ...this.#health, state: 'away', reason };
  }

  /** It answers again, with the template that it had before. */
  comeBack(): void {
    this.#health = { state: 'ok', chain: 'regtest', lastTemplateAtMs: this.#clock.now() };
  }

  async *templates(signal: AbortSignal, reserve?: CoinbaseReserve): AsyncGenerator<NodeTemplate> {
    const stream: FakeStream = { reserve, templates: new Pushed() };
    for (const template of this.#early.splice(0)) stream.templates.push(template);
    const first = this.first(reserve);
    if (first !== undefined) stream.templates.push(first);
    this.streams.add(stream);
    try {
      yield* stream.templates.until(signal);
    } finally {
      this.streams.delete(stream);
    }
  }

  tips(signal: AbortSignal): AsyncIterable<NodeTip> {
    return this.#tips.until(signal);
  }

  submitBlock(block: Uint8Array): Promise<SubmitResult> {
    this.submitted.push(block);
    return this.answer();
  }

  confirm(): Promise<Confirmation> {
    return Promise.resolve(this.confirmation);
  }

  health(): NodeHealth {
    return this.#health;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export const hashOf = (label: string): Uint8Array => sha256d(new TextEncoder().encode(label));
const NBITS = 0x207fffff;

/** A template without transactions on the tip `hashOf('<height - 1>')`. */
export function template(height: number, clock: VirtualClock, spec: Partial<WholeTemplate> = {}): WholeTemplate {
  return {
    kind: 'whole',
    height,
    prevHash: hashOf(String(height - 1)),
    version: 0x20000000,
    nbits: NBITS,
    target: targetFromNbits(NBITS),
    curtime: Math.floor(clock.now() / 1000),
    mintime: 0,
    coinbaseValue: 50_0000_0000n,
    transactions: [],
    defaultWitnessCommitment: witnessCommitmentOutput([]).script,
    weightLimit: 4_000_000,
    sigopLimit: 80_000,
    bestBlockChanged: true,
    receivedAtMs: clock.now(),
    ...spec,
  };
}

/** A transaction of a template; its bytes mean nothing. */
export function transaction(label: string): BlockTransaction {
  const [txid, wtxid, data] = [`txid of ${label}`, `wtxid of ${label}`, `data of ${label}`].map(hashOf) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return { txid, wtxid, data, weight: 4 * data.length };
}

/** A template that a fake node holds. */
export class FakeHeldTemplate implements HeldTemplate {
  readonly kind = 'held';
  readonly height: number;
  readonly prevHash: Uint8Array;
  readonly version = 0x20000000;
  readonly nbits = NBITS;
  readonly target = targetFromNbits(NBITS);
  readonly curtime: number;
  readonly mintime = 0;
  readonly coinbaseValue: bigint;
  readonly bestBlockChanged = true;
  readonly receivedAtMs: number;
  readonly reserve: CoinbaseReserve;
  readonly fees: bigint;
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: HeldTemplate['coinbase'];
  isGone = false;
  /** How often its transactions were asked for. */
  asked = 0;
  released = 0;
  readonly solutions: HeldSolution[] = [];
  /** What `submitSolution` answers. */
  answer: () => Promise<SubmitResult> = () => Promise.resolve({ kind: 'accepted' });
  /** What `transactions` answers. */
  load: () => Promise<readonly BlockTransaction[]>;

  constructor(height: number, clock: VirtualClock, spec: HeldSpec = {}) {
    const { labels = [], fees = 0n, reserve = { weight: 8000, sigops: 400 }, prevHash } = spec;
    const transactions = labels.map(transaction);
    const commitment = witnessCommitmentOutput(transactions.map(({ wtxid }) => wtxid));
    this.height = height;
    this.prevHash = prevHash ?? hashOf(String(height - 1));
    this.curtime = Math.floor(clock.now() / 1000);
    this.receivedAtMs = clock.now();
    this.reserve = reserve;
    this.fees = fees;
    this.coinbaseValue = 50_0000_0000n + fees;
    this.merklePath = merklePathOf(transactions.map(({ txid }) => txid));
    this.coinbase = {
      version: 2,
      scriptSigPrefix: heightPush(height),
      sequence: 0xfffffffe,
      lockTime: height - 1,
      requiredOutputs: [encodeOutputs([commitment])],
    };
    this.load = () => Promise.resolve(transactions);
  }

  transactions(): Promise<readonly BlockTransaction[]> {
    this.asked += 1;
    return this.load();
  }

  /** What `transactionFees` answers. */
  loadFees: () => Promise<readonly bigint[]> = () => Promise.reject(new Error('none'));

  transactionFees(): Promise<readonly bigint[]> {
    return this.loadFees();
  }

  submitSolution(solution: HeldSolution): Promise<SubmitResult> {
    this.solutions.push(solution);
    return this.answer();
  }

  release(): void {
    this.released += 1;
  }
}

export interface HeldSpec {
  readonly labels?: readonly string[];
  readonly fees?: bigint;
  readonly reserve?: CoinbaseReserve;
  readonly prevHash?: Uint8Array;
}

export function tip(height: number, clock: VirtualClock): NodeTip {
  const [hash, previousHash] = [hashOf(String(height)), hashOf(String(height - 1))];
  return { hash, previousHash, height, nbits: NBITS, medianTime: 1, receivedAtMs: clock.now() };
}

/** Regtest's genesis block: as good a block as any. */
export const BLOCK: Uint8Array = Uint8Array.from(
  Buffer.from(
    '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc388' +
      '8a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000' +
      '01',
    'hex',
  ),
);
export const BLOCK_HASH = fromDisplayHash('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
