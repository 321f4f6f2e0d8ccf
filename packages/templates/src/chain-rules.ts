import type { Network } from '@sv2kit/bitcoin';

/** What of a chain's consensus decides whether a block can be prepared before its parent is known. */
export interface ChainRules {
  /** Blocks between halvings of the subsidy. */
  readonly halvingInterval: number;
  /** Blocks between changes of difficulty; undefined where it never changes. */
  readonly retargetInterval: number | undefined;
  /** Whether nbits may differ from one block to the next according to the clock (the testnets' 20-minute rule). */
  readonly minDifficultyBlocks: boolean;
}

const STANDARD: ChainRules = { halvingInterval: 210_000, retargetInterval: 2016, minDifficultyBlocks: false };

const RULES: Readonly<Record<Network, ChainRules>> = {
  mainnet: STANDARD,
  testnet: { ...STANDARD, minDifficultyBlocks: true },
  testnet4: { ...STANDARD, minDifficultyBlocks: true },
  signet: STANDARD,
  regtest: { halvingInterval: 150, retargetInterval: undefined, minDifficultyBlocks: false },
};

/** The rules of a chain. A private signet follows signet's. */
export function chainRules(network: Network): ChainRules {
  return RULES[network];
}

/** Whether the block at `height` surely has its parent's nbits. */
export function keepsDifficulty(rules: ChainRules, height: number): boolean {
  if (rules.minDifficultyBlocks) return false;
  return rules.retargetInterval === undefined || height % rules.retargetInterval !== 0;
}

/** Subsidy of the block at `height`, given that of the block before it, in satoshis. */
export function nextSubsidy(rules: ChainRules, height: number, subsidy: bigint): bigint {
  return height % rules.halvingInterval === 0 ? subsidy >> 1n : subsidy;
}
