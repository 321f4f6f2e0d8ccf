import {
  buildCoinbase,
  encodeHeader,
  hashHeader,
  heightPush,
  merkleRoot,
  sha256d,
  targetFromDifficulty,
  type TxOut,
} from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import { ShareBudget, type Work } from '@sv2kit/mining';
import { type Notify, readLine, readNotify, type Submit } from '@sv2kit/sv1';
import { minerSpace, type MinerSpace, type TranslatedJob } from '../src/index.ts';

/** Wednesday, in milliseconds. */
export const NOW = 1_764_158_400_000;
export const NTIME = NOW / 1000;
/** Every second hash is a block. */
export const REGTEST = 0x207fffff;
/** No hash of a test is. */
export const MAINNET = 0x17034219;
export const VERSION = 0x20000000;
export const MASK = 0x1fffe000;
/** Prefix and rolled part together. */
export const FULL_SIZE = 12;

export const budget = (): ShareBudget => new ShareBudget(1 << 20, 1_024);
export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
export const ourScript = Uint8Array.of(0x00, 0x14, ...filled(20, 7));
export const otherScript = Uint8Array.of(0x51);

export function coinbase(outputs: readonly TxOut[] = [{ value: 312_500_000n, script: ourScript }], size = FULL_SIZE) {
  return buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(900_000),
    extranonceSize: size,
    sequence: 0xfffffffe,
    outputs,
    locktime: 0,
    segwit: true,
  });
}

interface Change extends Partial<Omit<Work, 'space'>> {
  readonly space?: Partial<Extract<Work['space'], { kind: 'extended' }>>;
}

/** An extended job on its tip. */
export function workOf({ space, ...change }: Change = {}): Work {
  const { prefix, suffix } = coinbase();
  return {
    channelId: 1,
    jobId: 1,
    version: VERSION,
    versionRollingAllowed: true,
    prevHash: filled(32, 3),
    nbits: MAINNET,
    minNtime: NTIME,
    receivedAtMs: NOW,
    target: targetFromDifficulty(2 ** -32),
    ...change,
    space: {
      kind: 'extended',
      coinbasePrefix: prefix,
      coinbaseSuffix: suffix,
      extranoncePrefix: filled(4, 0xa0),
      extranonceSize: 8,
      merklePath: [filled(32, 0x11), filled(32, 0x22)],
      ...space,
    },
  };
}

/** A miner's space on the channel of {@link workOf}. */
export function spaceOf(index = 5, prefix = filled(4, 0xa0), granted = FULL_SIZE - prefix.length): MinerSpace {
  const verdict = minerSpace(prefix, granted, 4, index);
  if (verdict.kind !== 'space') throw new Error('no space');
  return verdict.space;
}

/** What a miner reads of a line. */
export function readJob(line: Uint8Array): Notify {
  const read = readLine(line.subarray(0, -1));
  if (read.kind !== 'request' || read.method !== 'mining.notify') throw new Error('no notify');
  const job = readNotify(read.params);
  if (typeof job === 'string') throw new Error(job);
  return job;
}

export const jobAsRead = (job: TranslatedJob, space: MinerSpace, clean = false): Notify =>
  readJob(job.lineFor(space, clean).bytes(clean));

/** The hash of a header as firmware makes it: from the line's parts and the subscription alone. */
export function hashOf(
  job: Notify,
  extranonce1: Uint8Array,
  found: { extranonce2: Uint8Array; version: number; ntime: number; nonce: number },
): Uint8Array {
  const { coinb1, coinb2, prevHash, nbits, merkleBranches } = job;
  const bytes = Uint8Array.of(...coinb1, ...extranonce1, ...found.extranonce2, ...coinb2);
  const { version, ntime, nonce } = found;
  const root = merkleRoot(sha256d(bytes), merkleBranches);
  return hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
}

export function submitOf(jobId: string, change: Partial<Submit> = {}): Submit {
  return {
    type: 'submit',
    id: '1',
    username: 'a.b',
    jobId,
    extranonce2: filled(4, 0),
    ntime: NTIME,
    nonce: 0,
    versionBits: undefined,
    ...change,
  };
}

export const text = fromUtf8;

/** Random numbers from 0 to 1 that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
