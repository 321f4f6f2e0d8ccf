import type { PrivateChain } from '@sv2kit/bitcoind';

/** How hard the devices work and how hard shares are. */
export interface Pace {
  /** Hashes per second of each device. */
  readonly throttle: number;
  /** Wanted of each device. */
  readonly sharesPerMinute: number;
  /** Of a share at the start, where a device cannot say how fast it is. */
  readonly startDifficulty: number;
  readonly minDifficulty: number;
  readonly maxDifficulty: number;
}

const HASHES_PER_DIFFICULTY = 2 ** 32;
const SIGNET_SECONDS_PER_BLOCK = 3;
const SIGNET_SHARES_PER_MINUTE = 120;
const REGTEST_SECONDS_PER_BLOCK = 1.5;
/** About 4,300 hashes: far harder than a regtest block, so that every share is one. */
const REGTEST_SHARE_DIFFICULTY = 1e-6;
const MAX_DIFFICULTY = 1e15;
/** More than any CPU does. */
const MAX_THROTTLE = 1e9;

/**
 * Paces blocks: on signet one about every three seconds with a dozen shares or more to each; on regtest, where any hash
 * is a block, every share is one, and the devices are slowed down to one about every second and a half.
 */
export function paceOf(chain: PrivateChain, networkDifficulty: number, devices: number): Pace {
  const paced = (throttle: number, sharesPerMinute: number) => {
    const startDifficulty = (throttle * 60) / sharesPerMinute / HASHES_PER_DIFFICULTY;
    return { throttle, sharesPerMinute, startDifficulty };
  };
  const throttleFor = (difficulty: number, seconds: number): number =>
    Math.min(MAX_THROTTLE, Math.max(1, Math.round((difficulty * HASHES_PER_DIFFICULTY) / seconds / devices)));
  switch (chain) {
    case 'signet':
      return {
        ...paced(throttleFor(networkDifficulty, SIGNET_SECONDS_PER_BLOCK), SIGNET_SHARES_PER_MINUTE),
        minDifficulty: REGTEST_SHARE_DIFFICULTY,
        maxDifficulty: MAX_DIFFICULTY,
      };
    case 'regtest':
      return {
        ...paced(
          throttleFor(REGTEST_SHARE_DIFFICULTY, REGTEST_SECONDS_PER_BLOCK),
          60 / REGTEST_SECONDS_PER_BLOCK / devices,
        ),
        minDifficulty: REGTEST_SHARE_DIFFICULTY,
        maxDifficulty: REGTEST_SHARE_DIFFICULTY,
      };
    default:
      return chain satisfies never;
  }
}
