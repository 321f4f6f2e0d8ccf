import { buildCoinbase, encodeBlock, encodeHeader, joinCoinbase, merkleRoot, sha256d } from '@sv2kit/bitcoin';

/** What a block without transactions on the tip is made of. */
export interface EmptyBlock {
  readonly version: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** A time that fits `nbits`, unix seconds. */
  readonly ntime: number;
  /** What the coinbase's scriptSig starts with. */
  readonly scriptSigPrefix: Uint8Array;
}

/** Anybody may spend it; it is worth nothing. */
const OUTPUT = { value: 0n, script: Uint8Array.of(0x51) };
/** Makes the scriptSig long enough at any height. */
const FILLING = new Uint8Array(1);
/** A time before all blocks. */
const TOO_EARLY = 0;

/**
 * Words for a time that a block may not have with these nbits. The last is of test networks: from twenty minutes after
 * a block on, the next may be easy to find, and then has other nbits.
 */
const EARLY_WORDS: ReadonlySet<string> = new Set(['time-too-old', 'time-timewarp-attack', 'bad-diffbits']);

/**
 * The lowest time that a block on the tip may have, exactly: found by halving, as the interface does not name it.
 *
 * What the node minds beside the time does not matter when it looks at that later. When it never gets to look at the
 * time, as none is too early, no more is known than that the template's own is good.
 *
 * @param hint the lowest time on an earlier tip, which makes it quicker
 * @param wordFor what the node says of a block; `undefined` when it is valid
 * @returns undefined when the tip moved meanwhile
 */
export async function leastTime(
  empty: EmptyBlock,
  hint: number | undefined,
  wordFor: (block: Uint8Array) => Promise<string | undefined>,
): Promise<number | undefined> {
  let early = TOO_EARLY;
  let fine = empty.ntime;
  let mindsElse = false;
  let next = hint !== undefined && hint - 1 > early && hint - 1 < fine ? hint - 1 : middle(early, fine);
  while (fine - early > 1) {
    const word = await wordFor(blockAt(empty, next));
    if (word === 'inconclusive-not-best-prevblk') return undefined;
    if (word !== undefined && EARLY_WORDS.has(word)) {
      early = next;
    } else {
      fine = next;
      mindsElse ||= word !== undefined;
    }
    next = middle(early, fine);
  }
  return mindsElse && early === TOO_EARLY ? empty.ntime : fine;
}

function middle(early: number, fine: number): number {
  return Math.floor((early + fine) / 2);
}

function blockAt({ version, prevHash, nbits, scriptSigPrefix }: EmptyBlock, ntime: number): Uint8Array {
  const parts = buildCoinbase({
    txVersion: 2,
    scriptSigPrefix,
    extranonceSize: FILLING.length,
    sequence: 0xffff_ffff,
    outputs: [OUTPUT],
    locktime: 0,
    segwit: false,
  });
  const coinbase = joinCoinbase(parts, FILLING, { segwit: false });
  const root = merkleRoot(sha256d(coinbase), []);
  return encodeBlock(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce: 0 }), coinbase, []);
}
