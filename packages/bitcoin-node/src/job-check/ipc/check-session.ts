import { decodeHeader, sameBytes } from '@sv2kit/bitcoin';
import { type Clock, type Logger, pause } from '../../host.ts';
import type { Lane } from '../../ipc/client/lane.ts';
import { MiningClient } from '../../ipc/client/mining-client.ts';
import { IpcSession } from '../../ipc/ipc-session.ts';
import type { TipRef } from '../../ipc/client/types.ts';
import { LIMITS } from '../../limits.ts';
import type { ExpectedChain } from '../../rpc/chain-check.ts';
import type { BatchAnswer } from '../../rpc/answer.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { isSameWork, type WorkTip } from '../back-end.ts';
import type { HashKey } from '../checked-transaction.ts';
import type { FeeSource } from '../rpc/fees.ts';
import { minedTxids } from '../txids.ts';
import { LanePool } from './lane-pool.ts';
import { leastTime } from './least-time.ts';
import { RESERVE } from './reserve.ts';

export interface CheckSessionOptions {
  /** Of the node's socket. */
  readonly path: string;
  readonly expected: ExpectedChain;
  /** How many jobs the node may check at once. */
  readonly concurrency: number;
  /** How often a node that has no tip to work on is asked whether it has one. */
  readonly pollIntervalMs: number;
}

export interface CheckSessionParts extends CheckSessionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The same node's RPC, where there is one. */
  readonly rpc: RpcClient | undefined;
}

/** So many times in a row the tip may have moved while it was looked at. */
const MISSES_IN_A_ROW = 3;

interface Lanes {
  /** Waits for tips, and does nothing else. */
  readonly tips: Lane;
  readonly work: Lane;
  readonly templates: Lane;
  readonly checks: LanePool;
  readonly lookUps: LanePool;
}

/** One connection to the node, until it ends: then whatever was asked rejects, and another one has to be opened. */
export class CheckSession {
  readonly client: MiningClient;
  readonly lanes: Lanes;
  readonly #parts: CheckSessionParts;
  readonly #chain: IpcSession;
  #closed: Promise<void> | undefined;

  /** @throws IpcError, WrongChainError, RpcError */
  static async open(parts: CheckSessionParts, signal: AbortSignal): Promise<CheckSession> {
    const { path, expected, concurrency, clock, log, rpc } = parts;
    const client = await MiningClient.connect({ path, clock, name: 'sv2kit job checker', signal });
    try {
      const chain = await IpcSession.open({ client, expected, log, rpc });
      const lanes = {
        tips: await client.lane('tips'),
        work: await client.lane('work'),
        templates: await client.lane('templates'),
        checks: await poolOf(client, 'check', concurrency),
        lookUps: await poolOf(client, 'look-up', 1),
      };
      return new CheckSession(parts, client, lanes, chain);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(parts: CheckSessionParts, client: MiningClient, lanes: Lanes, chain: IpcSession) {
    this.#parts = parts;
    this.client = client;
    this.lanes = lanes;
    this.#chain = chain;
  }

  /** In good order. */
  close(): Promise<void> {
    this.#closed ??= this.client.close();
    return this.#closed;
  }

  /**
   * The tip now, each one after it, and the same again when it is time to look at it anew; why there is none where there
   * is none.
   *
   * @throws IpcError when the connection has ended; WrongChainError, RpcError
   */
  async *tips(signal: AbortSignal): AsyncGenerator<WorkTip | string, void, void> {
    const { client, lanes } = this;
    const { clock, pollIntervalMs } = this.#parts;
    const isTestChain = await client.isTestChain(lanes.work);
    let last: WorkTip | undefined;
    let misses = 0;
    while (!signal.aborted) {
      const best = await client.getTip(lanes.work);
      // Test chains may have no block of the last day, and are mined on all the same.
      if (best === undefined || (!isTestChain && (await client.isInitialBlockDownload(lanes.work)))) {
        yield `the node is still downloading the chain: it has ${best?.height ?? 0} blocks`;
        await pause(clock, pollIntervalMs, signal);
        continue;
      }
      const tip = await this.#workTip(best, last);
      if (tip === undefined) {
        // Another one by now, if that is not so again and again.
        misses += 1;
        if (misses <= MISSES_IN_A_ROW) continue;
        yield 'the node makes no template on its best block';
        await pause(clock, pollIntervalMs, signal);
        continue;
      }
      misses = 0;
      this.#chain.sawDifficulty(tip.nbits);
      await this.#chain.recheck();
      yield tip;
      last = tip;
      const next = await client.waitTipChanged(lanes.tips, tip.hash, LIMITS.tipRefreshMs);
      // It stops: the end of the connection is near.
      if (next === undefined) await pause(clock, pollIntervalMs, signal);
    }
  }

  /** Where the node answers many small questions; `undefined` where it does not. Over IPC one waits at a time. */
  get questions(): FeeSource | undefined {
    const [{ rpc }, { rpc: http }] = [this.#chain, this.#parts];
    if (rpc === undefined) return undefined;
    if (!this.client.offers('rpc') && http !== undefined) {
      const timeoutMs = LIMITS.ipcGraceMs;
      return { batch: (method, params, options) => http.batch(method, params, { ...options, timeoutMs }) };
    }
    return {
      batch: async (method, params, options) => {
        const answers: BatchAnswer[] = [];
        for (const one of params) answers.push({ kind: 'result', value: await rpc.call(method, one, options) });
        return answers;
      },
    };
  }

  /** @throws IpcError, RpcError */
  async mined(hash: Uint8Array): Promise<ReadonlySet<HashKey>> {
    const { rpc } = this.#chain;
    return rpc === undefined ? new Set() : await minedTxids(rpc, hash);
  }

  /** What an empty template says of the next block. */
  async #workTip(best: TipRef, last: WorkTip | undefined): Promise<WorkTip | undefined> {
    const { client, lanes } = this;
    const template = await client.createNewBlock(lanes.work, { ...RESERVE, useMempool: false }, { cooldown: false });
    if (template === undefined) return undefined;
    try {
      const header = decodeHeader(await template.header(lanes.work));
      const coinbase = await template.coinbaseTx(lanes.work);
      if (!sameBytes(header.prevHash, best.hash)) return undefined;
      const { prevHash: hash, nbits, ntime } = header;
      const isKnown = last !== undefined && isSameWork(last, { hash, nbits });
      const empty = { ...header, scriptSigPrefix: coinbase.scriptSigPrefix };
      const minNtime = isKnown
        ? last.minNtime
        : await leastTime(empty, last?.minNtime, (block) => this.#wordFor(block));
      if (minNtime === undefined) return undefined;
      return { hash, height: best.height, nbits, ntime, minNtime, subsidy: Number(coinbase.blockRewardRemaining) };
    } finally {
      template.release();
    }
  }

  async #wordFor(block: Uint8Array): Promise<string | undefined> {
    const { ok, reason } = await this.client.checkBlock(this.lanes.work, block, { checkPow: false });
    return ok ? undefined : reason;
  }
}

async function poolOf(client: MiningClient, name: string, size: number): Promise<LanePool> {
  const lanes: Lane[] = [];
  for (let count = 1; count <= size; count += 1) lanes.push(await client.lane(`${name} ${count}`));
  return new LanePool(lanes);
}
