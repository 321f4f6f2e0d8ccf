import { decodeHeader, displayHash, sameBytes } from '@sv2kit/bitcoin';
import { type Clock, type Logger, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { NodeTip } from '../node.ts';
import type { NodeStatus } from '../node-status.ts';
import { WrongChainError } from '../rpc/chain-check.ts';
import { readTip } from '../rpc/tip-watcher.ts';
import type { ChainRecord } from './chain-record.ts';
import type { Lane } from './client/lane.ts';
import type { TemplateHandle } from './client/template-handle.ts';
import type { TipRef } from './client/types.ts';
import type { IpcSession } from './ipc-session.ts';
import type { NextBlock } from './next-block.ts';
import type { SessionKeeper } from './session-keeper.ts';

export interface TipFollowerParts {
  readonly keeper: SessionKeeper;
  readonly record: ChainRecord;
  readonly next: NextBlock;
  readonly status: NodeStatus;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Before the node has any block. */
const NO_BLOCK = new Uint8Array(32);

/** Waits for the node's best block to change, on a lane of its own, on every connection. */
export class TipFollower {
  readonly #parts: TipFollowerParts;
  readonly #listeners = new Set<(tip: NodeTip) => void>();
  readonly #keeper: Disposable;
  #isClosed = false;

  constructor(parts: TipFollowerParts) {
    this.#parts = parts;
    this.#keeper = parts.keeper.onChange((session) => {
      if (session !== undefined) void this.#follow(session);
    });
  }

  /** Calls `listener` for each best block that follows the one known now. */
  onTip(listener: (tip: NodeTip) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** No other wait follows on the one that is on. */
  close(): void {
    this.#isClosed = true;
    this.#keeper[Symbol.dispose]();
    this.#listeners.clear();
  }

  async #follow(session: IpcSession): Promise<void> {
    const { clock, keeper, log } = this.#parts;
    const { client, over } = session;
    try {
      const lane = await client.lane('tips');
      let tip = await client.getTip(lane);
      if (tip !== undefined) await this.#note(session, lane, tip);
      while (!over.aborted && !this.#isClosed) {
        const startedMs = clock.now();
        const next = await client.waitTipChanged(lane, tip?.hash ?? NO_BLOCK, LIMITS.ipcWaitMs);
        if (next !== undefined && !(tip !== undefined && sameBytes(next.hash, tip.hash))) {
          tip = next;
          await this.#note(session, lane, tip);
        } else if (clock.now() - startedMs < LIMITS.ipcWaitMs - LIMITS.ipcWaitSlackMs) {
          // Interrupted, or the node is stopping.
          await pause(clock, LIMITS.ipcWaitSlackMs, over);
        }
      }
    } catch (error) {
      if (over.aborted) return;
      if (!(error instanceof WrongChainError)) log.error('the node cannot be asked for its best block', { error });
      keeper.giveUp(session, error);
    }
  }

  async #note(session: IpcSession, lane: Lane, ref: TipRef): Promise<void> {
    const { record, status, next } = this.#parts;
    next.tipIs(ref);
    const before = record.tip;
    if (before !== undefined && sameBytes(before.hash, ref.hash)) return;
    record.add(ref);
    status.tipIs(ref.height);
    if (before !== undefined) {
      const tip = this.#guess(ref, before) ?? (await this.#ask(session, lane, ref));
      if (tip !== undefined) for (const listener of this.#listeners) listener(tip);
    }
  }

  /** What a block must be that is one higher than the one before: as the templates said. */
  #guess({ hash, height }: TipRef, before: TipRef): NodeTip | undefined {
    const { next, clock } = this.#parts;
    const known = height === before.height + 1 ? next.at(height) : undefined;
    if (known === undefined || !sameBytes(known.prevHash, before.hash)) return undefined;
    const { nbits, time } = known;
    return { hash, previousHash: before.hash, height, nbits, medianTime: time, receivedAtMs: clock.now() };
  }

  /** The header where it can be had; else what a template on the block says, which is not who its parent is. */
  async #ask({ rpc, client }: IpcSession, lane: Lane, { hash, height }: TipRef): Promise<NodeTip | undefined> {
    const { clock, log, status } = this.#parts;
    // Blocks by the hundred, on which nobody mines.
    if (status.health().state === 'ibd') return undefined;
    if (rpc !== undefined) {
      try {
        const tip = await readTip(rpc, displayHash(hash), clock);
        if (tip !== undefined) return tip;
      } catch (error) {
        log.debug('the header of a new block cannot be read', { error });
      }
    }
    let template: TemplateHandle | undefined;
    try {
      template = await client.createNewBlock(lane, { useMempool: false, ...SMALLEST }, { cooldown: false });
      if (template === undefined) return undefined;
      const { nbits, ntime } = decodeHeader(await template.header(lane));
      return { hash, previousHash: NO_BLOCK, height, nbits, medianTime: ntime - 1, receivedAtMs: clock.now() };
    } catch (error) {
      log.debug('a template on a new block cannot be had', { error });
      return undefined;
    } finally {
      template?.release();
    }
  }
}

/** The least that nodes keep free. */
const SMALLEST = { reservedWeight: 2_000, sigops: 0 };
