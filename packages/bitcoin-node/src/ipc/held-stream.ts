import { BackOff } from '../back-off.ts';
import type { BestBlock } from '../best-block.ts';
import { type Clock, type Logger, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { CoinbaseReserve } from '../node.ts';
import type { Hold, NodeStatus } from '../node-status.ts';
import { WrongChainError } from '../rpc/chain-check.ts';
import { isIpcError } from './client/ipc-error.ts';
import { isSameTip, isSameWork, NodeHeldTemplate, type TemplateReading } from './held-template.ts';
import { HoldList } from './hold-list.ts';
import type { BlockReader } from './block-reader.ts';
import type { NextBlock } from './next-block.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { IpcSession } from './ipc-session.ts';
import { checkTemplate } from './template-check.ts';
import { type Found, TemplateWaiter } from './template-waiter.ts';

export interface HeldStreamParts {
  readonly keeper: SessionKeeper;
  readonly next: NextBlock;
  readonly blocks: BlockReader;
  readonly status: NodeStatus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random: () => number;
  readonly refreshIntervalMs: number;
  readonly feeThreshold: bigint;
  readonly reserve: CoinbaseReserve;
  readonly best: BestBlock;
  /** How many there are of this node. */
  readonly streams: { count: number };
  isBest(hash: Uint8Array): Promise<boolean>;
}

/** Templates of one reservation for ever: through restarts and downloads of the node, until the signal aborts. */
export async function* heldStream(
  parts: HeldStreamParts,
  signal: AbortSignal,
): AsyncGenerator<NodeHeldTemplate, void, void> {
  const { keeper, clock, status, log } = parts;
  const backOff = new BackOff(parts.random);
  let trouble: Hold | undefined;
  using _trouble = { [Symbol.dispose]: () => status.release(trouble) };
  while (!signal.aborted) {
    const session = await keeper.ready(signal);
    if (session === undefined) continue;
    try {
      for await (const template of ofSession(parts, session, AbortSignal.any([signal, session.over]))) {
        backOff.reset();
        status.gotTemplate(template.height, template.receivedAtMs);
        yield template;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof WrongChainError) keeper.giveUp(session, error);
      else if (!session.over.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        trouble = { kind: 'away', reason };
        status.hold(trouble);
        if (!isIpcError(error)) log.error('templates failed in an unforeseen way', { error });
      }
    }
    if (!session.over.aborted) await pause(clock, backOff.next(), signal);
  }
}

/** The templates of one connection; they go with it. */
async function* ofSession(
  parts: HeldStreamParts,
  session: IpcSession,
  signal: AbortSignal,
): AsyncGenerator<NodeHeldTemplate, void, void> {
  const waiter = await TemplateWaiter.open(parts, session, signal);
  parts.streams.count += 1;
  const list = new HoldList(LIMITS.heldTemplates);
  let current: { readonly template: NodeHeldTemplate; readonly found: Found } | undefined;
  try {
    for (;;) {
      const found = await waiter.next(current?.found.handle);
      if (found === undefined) return;
      if (signal.aborted) return found.handle.release();
      if (current !== undefined && !isNews(current.found.reading, found.reading, waiter)) {
        found.handle.release();
        await waiter.rest();
        continue;
      }
      const template = hold(parts, session, found);
      list.add(template);
      current?.template.passed();
      current = { template, found };
      waiter.restart();
      yield template;
    }
  } finally {
    parts.streams.count -= 1;
    current?.template.passed();
    waiter.close();
  }
}

/**
 * On a tip of more than 20 minutes, test chains make a template every second, whatever was waited for. Better fees are no
 * news before their time.
 */
function isNews(current: TemplateReading, found: TemplateReading, waiter: TemplateWaiter): boolean {
  if (!isSameTip(current, found)) return true;
  return waiter.areFeesDue && !isSameWork(current, found);
}

/** @throws IpcError, WrongChainError: the template went back to the node */
function hold(parts: HeldStreamParts, session: IpcSession, found: Found): NodeHeldTemplate {
  try {
    checkTemplate(found.reading, parts.next.tip, session.client.path);
    return held(parts, session, found);
  } catch (error) {
    found.handle.release();
    throw error;
  }
}

function held(
  { reserve, best, clock, next, blocks, isBest }: HeldStreamParts,
  session: IpcSession,
  { handle, reading }: Found,
): NodeHeldTemplate {
  const { header, height } = reading;
  session.sawDifficulty(header.nbits);
  const mintime = next.note(header, height);
  const bestBlockChanged = best.isChangedBy(header.prevHash);
  return new NodeHeldTemplate({
    session,
    handle,
    reading,
    reserve,
    mintime,
    bestBlockChanged,
    receivedAtMs: clock.now(),
    blocks,
    isBest,
  });
}
