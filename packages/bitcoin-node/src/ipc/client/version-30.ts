import { stat } from 'node:fs/promises';
import type { Capability } from '@sv2kit/capnp';
import { stillLoading, tooOld } from './failures.ts';
import { isIpcError } from './ipc-error.ts';
import { IPC_LIMITS } from './limits.ts';
import type { IpcLink } from './link.ts';
import { MiningMethods } from './mining-methods.ts';
import { TemplateMethods } from './template-methods.ts';

/** Smallest that nodes take. */
const RESERVED_WEIGHT = 2_000;
/** No block's hash: any tip is another. */
const NO_HASH = new Uint8Array(32);

/**
 * Waits until a node of version 30 may be spoken to, and refuses 30.0.
 *
 * Where a later node lets a call wait for the chain, this one ends itself when the call comes before it has begun to load
 * it. It takes no time to speak of to get there; the socket's file says when it began.
 */
export async function admitVersion30(link: IpcLink, mining: Capability, thread: Capability): Promise<void> {
  const ageMs = await ageOf(link);
  if (ageMs < IPC_LIMITS.settlingMs) await link.pause(IPC_LIMITS.settlingMs - ageMs);
  // Answered as soon as there is a tip; making a template before would hold up the node's event loop until then.
  const options = { timeoutMs: IPC_LIMITS.loadingTimeoutMs, late: stillLoading };
  await link.call(mining, new MiningMethods(30).waitTipChanged(thread, NO_HASH, 1), options);
  await refuse300(link, mining, thread);
}

/** Of the socket's file, in ms; one that was removed since tells nothing, and the node may have begun just now. */
async function ageOf(link: IpcLink): Promise<number> {
  const { mtimeMs } = await stat(link.path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Math.max(0, link.clock.now() - mtimeMs);
}

/** Version 30.0 is told from those that mended it by a method that these have: on an empty template, thrown away then. */
async function refuse300(link: IpcLink, mining: Capability, thread: Capability): Promise<void> {
  const options = { useMempool: false, reservedWeight: RESERVED_WEIGHT, sigops: 0 };
  const template = await link.call(mining, new MiningMethods(30).createNewBlock(thread, options, false));
  if (template === undefined) return;
  try {
    await link.call(template, new TemplateMethods(30).interruptWait());
  } catch (error) {
    throw isIpcError(error, 'unimplemented') ? tooOld(link.path) : error;
  } finally {
    template.release();
  }
}
