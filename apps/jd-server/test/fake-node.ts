import type {
  JobChecker,
  JobTip,
  JobToCheck,
  JobVerdict,
  NodeHealth,
  SubmitResult,
  ValidJob,
} from '@sv2kit/bitcoin-node';
import type { JdNode } from '../src/index.ts';

export const NBITS = 0x207fffff;
export const VALUE = 5_000_000_000n;

/** A node that says what it is told to. */
export class FakeNode implements JdNode {
  readonly name: string;
  readonly checker: FakeChecker;
  readonly blocks: Uint8Array[] = [];
  inBestChain = false;
  takesBlocks = true;
  closed = false;
  /** Why it is not mined on. */
  refusal: string | undefined;

  constructor(name = 'fake', height: number | undefined = 200) {
    this.name = name;
    this.checker = new FakeChecker(height === undefined ? undefined : tipAt(height));
  }

  jobChecker(): JobChecker {
    return this.checker;
  }

  async submitBlock(block: Uint8Array): Promise<SubmitResult> {
    this.blocks.push(block);
    return { kind: 'duplicate' };
  }

  async confirm() {
    return { inBestChain: this.inBestChain, confirmations: this.inBestChain ? 1 : 0 };
  }

  health(): NodeHealth {
    if (this.refusal !== undefined) return { state: 'wrong-chain', reason: this.refusal };
    return this.checker.tip === undefined
      ? ({ state: 'away', reason: 'connection refused' } as const)
      : ({ state: 'ok' } as const);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export const tipAt = (height: number, fill = height & 0xff): JobTip => ({
  hash: new Uint8Array(32).fill(fill),
  height,
  nbits: NBITS,
  minNtime: 1_700_000_000,
});

export class FakeChecker implements JobChecker {
  tip: JobTip | undefined;
  readonly checked: JobToCheck[] = [];
  readonly aborted: JobToCheck[] = [];
  readonly released: number[] = [];
  readonly submitted: { readonly handle: number; readonly header: Uint8Array; readonly coinbase: Uint8Array }[] = [];
  /** What is said of blocks. */
  taken: SubmitResult = { kind: 'accepted' };
  /** What is said of the next jobs. */
  verdict: (job: JobToCheck) => JobVerdict | Promise<JobVerdict> = () => this.valid();
  #lastHandle = 0;
  readonly #listeners = new Set<(tip: JobTip) => void>();

  constructor(tip: JobTip | undefined) {
    this.tip = tip;
  }

  valid(): ValidJob {
    const tip = this.tip ?? tipAt(200);
    this.#lastHandle += 1;
    return {
      kind: 'valid',
      handle: this.#lastHandle,
      prevHash: tip.hash,
      nbits: tip.nbits,
      height: tip.height + 1,
      minNtime: tip.minNtime,
      merklePath: [],
      value: VALUE,
      weight: 1000,
    };
  }

  moveTo(tip: JobTip | undefined): void {
    this.tip = tip;
    if (tip !== undefined) for (const listener of this.#listeners) listener(tip);
  }

  onTip(listener: (tip: JobTip) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async check(job: JobToCheck, signal?: AbortSignal): Promise<JobVerdict> {
    this.checked.push(job);
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => {
      this.aborted.push(job);
      reject(signal.reason);
    });
    return await Promise.race([this.verdict(job), promise]);
  }

  async submit(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<SubmitResult> {
    this.submitted.push({ handle, header, coinbase });
    return this.taken;
  }

  async block(_handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<Uint8Array> {
    return Buffer.concat([header, Uint8Array.of(1), coinbase]);
  }

  release(handle: number): void {
    this.released.push(handle);
  }

  /** What it says that it holds for jobs. */
  jobBytes = 0;

  status() {
    const { jobBytes } = this;
    return { known: 0, bytes: 0, validated: 0, validatedBytes: 0, jobs: 0, jobBytes, running: 0, waiting: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
