/**
 * The mining interface of Bitcoin Core as it is on the wire: interface ids, ordinals and defaults, from the schemas of
 * the releases. Ordinals of one generation mean something else in another, so a generation is found out by asking,
 * never guessed (`probe.ts`).
 */

/** 30: versions 30.1 to 30.x. 31: version 31 and later; what came since is asked for by itself. */
export type Generation = 30 | 31;

export const INTERFACE = {
  init: 0x8838c700ba5cba65n,
  mining: 0xf9c68436df3af39en,
  blockTemplate: 0xf9671ad841b2f622n,
  threadMap: 0xee5e37179ad9dc9dn,
  rpc: 0xacb1d37f0a713129n,
} as const;

/** Init's methods. `makeMining` of one generation throws in the next. */
export const INIT = { construct: 0, makeMining: { 30: 2, 31: 3 }, makeRpc: 4 } as const;
export const THREAD_MAP = { makeThread: 0 } as const;
export const RPC = { executeRpc: 0 } as const;

/** The same in all generations as far as they have it; what comes after 5 came later. */
export const MINING = {
  isTestChain: 0,
  isInitialBlockDownload: 1,
  getTip: 2,
  waitTipChanged: 3,
  createNewBlock: 4,
  checkBlock: 5,
  interrupt: 6,
  submitBlock: 7,
  getTransactionsByWitnessID: 9,
} as const;

interface TemplateOrdinals {
  readonly getBlockHeader: number;
  readonly getBlock: number;
  readonly getTxFees: number;
  readonly getTxSigops: number;
  readonly getCoinbaseTx: number;
  readonly getCoinbaseMerklePath: number;
  /** Newest first; `exact` ones say what became of the block, the others only that it was processed. */
  readonly submitSolution: readonly { readonly id: number; readonly exact: boolean }[];
  readonly waitNext: number;
  readonly interruptWait: number;
}

const COMMON = { getBlockHeader: 1, getBlock: 2, getTxFees: 3, getTxSigops: 4, getCoinbaseTx: 5 } as const;

export const BLOCK_TEMPLATE: Readonly<Record<Generation, TemplateOrdinals>> = {
  30: {
    ...COMMON,
    getCoinbaseMerklePath: 8,
    submitSolution: [{ id: 9, exact: false }],
    waitNext: 10,
    interruptWait: 11,
  },
  31: {
    ...COMMON,
    getCoinbaseMerklePath: 6,
    submitSolution: [
      { id: 10, exact: true },
      { id: 7, exact: false },
    ],
    waitNext: 8,
    interruptWait: 9,
  },
};

interface Defaults {
  readonly useMempool: boolean;
  readonly blockReservedWeight: bigint;
  readonly coinbaseOutputMaxAdditionalSigops: bigint;
  readonly timeoutMs: number;
  readonly feeThreshold: bigint;
  readonly checkMerkleRoot: boolean;
  readonly checkPow: boolean;
}

/** The schema's `maxDouble`, digit by digit. */
const MAX_DOUBLE = 1.7976931348623157e308;

/**
 * Defaults of the schemas: on the wire a field is the exclusive or of its value with its default. Generation 30 declared
 * none, so that zeros mean zero there.
 */
export const DEFAULTS: Readonly<Record<Generation, Defaults>> = {
  30: {
    useMempool: false,
    blockReservedWeight: 0n,
    coinbaseOutputMaxAdditionalSigops: 0n,
    timeoutMs: 0,
    feeThreshold: 0n,
    checkMerkleRoot: false,
    checkPow: false,
  },
  31: {
    useMempool: true,
    blockReservedWeight: 8_000n,
    coinbaseOutputMaxAdditionalSigops: 400n,
    timeoutMs: MAX_DOUBLE,
    feeThreshold: 2_100_000_000_000_000n,
    checkMerkleRoot: true,
    checkPow: true,
  },
};
