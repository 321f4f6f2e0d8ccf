import { sameBytes } from '@sv2kit/bitcoin';
import {
  type CheckingNode,
  isTrusted,
  type JobChecker,
  type JobTip,
  type JobToCheck,
  type JobVerdict,
  LIMITS,
  type SubmitResult,
  type ValidJob,
} from '@sv2kit/bitcoin-node';
import { type Condition, type Health, nodeCode } from '@sv2kit/daemon';

/** A node as declared jobs and the blocks found on them need it. */
export type JdNode = Pick<
  CheckingNode,
  'close' | 'confirm' | 'health' | 'jobChecker' | 'name' | 'submitBlock' | 'takesBlocks'
>;

export interface NodeBenchOptions {
  /** The preferred one first. */
  readonly nodes: readonly JdNode[];
  /** What each node's checker is started with. */
  readonly checkerOptions: readonly NonNullable<Parameters<JdNode['jobChecker']>[0]>[];
  readonly health: Pick<Health, 'condition'>;
  /** The tip that jobs are checked on may be another now. */
  readonly onTip: () => void;
}

const TAKES_NO_BLOCKS =
  'blocks found on declared jobs cannot be handed to this node: its IPC takes no whole blocks (Bitcoin Core 32 and later do)';
const UNABLE = `${TAKES_NO_BLOCKS} and it has no RPC: give it a url, or they are only saved in data_dir`;

const AWAY = 'cannot be asked';
/** Another node has a block sooner every time; by more than this nodes are not behind for a moment only. */
const PASSING_BLOCKS = 1;

interface Seat {
  readonly node: JdNode;
  readonly checker: JobChecker;
  readonly condition: Condition;
}

/** A valid job, where it was checked. */
interface Checked {
  readonly seat: Seat;
  readonly handle: number;
}

/** Who hands a block to a node, and what came of it. */
export interface Handing {
  readonly node: JdNode;
  readonly result: Promise<SubmitResult>;
}

/** The nodes: jobs are checked on the first one that can be asked and has the tip, blocks go to all. Handles are this bench's own. */
export class NodeBench {
  readonly #seats: readonly Seat[];
  readonly #checked = new Map<number, Checked>();
  #lastHandle = 0;

  constructor({ nodes, checkerOptions, health, onTip }: NodeBenchOptions) {
    this.#seats = nodes.map((node, index) => {
      const checker = node.jobChecker(checkerOptions[index]);
      checker.onTip(onTip);
      return { node, checker, condition: health.condition(`node ${node.name}`, node.health().reason, 'node-away') };
    });
  }

  get nodes(): readonly JdNode[] {
    return this.#seats.map(({ node }) => node);
  }

  /** What jobs are checked on; absent while no node can be asked. */
  get tip(): JobTip | undefined {
    return this.#active?.checker.tip;
  }

  /**
   * Checks on the first node that can; one with the same tip stands in for it when it turns out that it cannot, say
   * because it hangs. Rejects only with the signal's reason.
   */
  async check(job: JobToCheck, signal: AbortSignal): Promise<JobVerdict> {
    const tip = this.tip;
    let verdict: JobVerdict = { kind: 'unavailable', reason: 'no node can be asked' };
    for (const seat of this.#trusted) {
      const own = seat.checker.tip;
      if (tip === undefined || own === undefined || !sameBytes(own.hash, tip.hash)) continue;
      verdict = await seat.checker.check(job, signal);
      if (verdict.kind === 'valid') return this.#remember(seat, verdict);
      if (verdict.kind !== 'unavailable') return verdict;
    }
    return verdict;
  }

  release(handle: number): void {
    const checked = this.#checked.get(handle);
    this.#checked.delete(handle);
    checked?.seat.checker.release(checked.handle);
  }

  /** Hands the block of a checked job to every node, at once; none waits for another. */
  submit(handle: number, header: Uint8Array, coinbase: Uint8Array): readonly Handing[] {
    const checked = this.#checked.get(handle);
    if (checked === undefined) return [];
    const { seat: own, handle: ownHandle } = checked;
    const others = this.#seats.filter((seat) => seat !== own);
    const whole = others.length === 0 ? undefined : own.checker.block(ownHandle, header, coinbase);
    return [
      { node: own.node, result: own.checker.submit(ownHandle, header, coinbase) },
      ...others.map(({ node }) => ({ node, result: handWhole(node, whole) })),
    ];
  }

  /** The serialized block of a checked job; rejects when it is not known any more. */
  async block(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<Uint8Array> {
    const checked = this.#checked.get(handle);
    if (checked === undefined) throw new Error('the job is not known any more');
    return await checked.seat.checker.block(checked.handle, header, coinbase);
  }

  /** Tells health how the nodes are. What one of them lacks is no trouble while another one checks jobs. */
  look(): void {
    const active = this.#active;
    for (const seat of this.#seats) {
      const { checker, condition, node } = seat;
      const trouble = this.#troubleOf(seat, active);
      const code = nodeCode(node.health().state);
      if (active === undefined) condition.failing(node.health().reason ?? checker.status().reason ?? AWAY, code);
      else if (trouble !== undefined) condition.lacking(trouble, code);
      else condition.ok();
    }
  }

  /** The part of what a node's checker may hold for declared jobs that it holds: at 1 it checks no more. */
  get held(): number {
    const parts = this.#seats.map(({ checker }) => {
      const { jobs, jobBytes } = checker.status();
      return Math.max(jobs / LIMITS.maxHeldJobs, jobBytes / LIMITS.maxHeldBytes);
    });
    return Math.max(0, ...parts);
  }

  status(): readonly Readonly<Record<string, unknown>>[] {
    const active = this.#active;
    return this.#seats.map((seat) => ({
      name: seat.node.name,
      ...seat.node.health(),
      checksJobs: seat === active,
      checker: seat.checker.status(),
    }));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#seats.map(({ checker }) => checker[Symbol.asyncDispose]()));
    await Promise.allSettled(this.#seats.map(({ node }) => node.close()));
  }

  #remember(seat: Seat, verdict: ValidJob): ValidJob {
    this.#lastHandle += 1;
    this.#checked.set(this.#lastHandle, { seat, handle: verdict.handle });
    return { ...verdict, handle: this.#lastHandle };
  }

  /** Of those that can be asked one that is not behind the others, the preferred one first. */
  get #active(): Seat | undefined {
    const seats = this.#trusted;
    const height = Math.max(...seats.map(({ checker }) => checker.tip?.height ?? -1));
    return seats.find(({ checker }) => checker.tip?.height === height);
  }

  /** Without those that are on another chain, or far behind. */
  get #trusted(): readonly Seat[] {
    return this.#seats.filter(({ node }) => isTrusted(node.health()));
  }

  #troubleOf({ checker, node }: Seat, active: Seat | undefined): string | undefined {
    const { state, reason } = node.health();
    if (checker.tip === undefined) return reason ?? checker.status().reason ?? AWAY;
    const behind = (active?.checker.tip?.height ?? 0) - checker.tip.height;
    if (behind > PASSING_BLOCKS) return `it is ${behind} blocks behind node ${active?.node.name}`;
    if (state !== 'ok' || node.takesBlocks) return reason;
    return this.#seats.some((seat) => seat.node.takesBlocks)
      ? `${TAKES_NO_BLOCKS}; they go to the other nodes`
      : UNABLE;
  }
}

async function handWhole(node: JdNode, whole: Promise<Uint8Array> | undefined): Promise<SubmitResult> {
  if (whole === undefined) throw new Error('there is a block for other nodes');
  try {
    return await node.submitBlock(await whole);
  } catch (error) {
    return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
  }
}
