import { fromDisplayHash, sha256d, targetFromNbits, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import type { Confirmation, MiningNode, NodeHealth, NodeTemplate, NodeTip, SubmitResult } from '@sv2kit/bitcoin-node';
import type { VirtualClock } from '@sv2kit/daemon';

/** An async iterable that a test pushes into. */
class Pushed<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#waiting.push(value);
    this.#wake?.();
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

/** A node that does what a test says. */
export class FakeNode implements MiningNode {
  readonly name: string;
  readonly submitted: Uint8Array[] = [];
  /** What `submitBlock` answers. */
  answer: () => Promise<SubmitResult> = () => Promise.resolve({ kind: 'accepted' });
  confirmation: Confirmation = { inBestChain: true, confirmations: 1, height: 101 };
  closed = false;
  readonly #clock: VirtualClock;
  readonly #templates = new Pushed<NodeTemplate>();
  readonly #tips = new Pushed<NodeTip>();
  #health: NodeHealth = { state: 'connecting', reason: 'no answer from the node yet' };

  constructor(name: string, clock: VirtualClock) {
    this.name = name;
    this.#clock = clock;
  }

  give(template: NodeTemplate): void {
    this.#health = { state: 'ok', chain: 'regtest', lastTemplateAtMs: this.#clock.now() };
    this.#templates.push(template);
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

  templates(signal: AbortSignal): AsyncIterable<NodeTemplate> {
    return this.#templates.until(signal);
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
export function template(height: number, clock: VirtualClock, spec: Partial<NodeTemplate> = {}): NodeTemplate {
  return {
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
