/**
 * A mining device that hashes on the CPU and speaks Stratum V2 (§5), on a standard or an extended channel, or Stratum V1:
 * version, ntime and extranonce rolling, reconnection with fail-over.
 *
 * @example
 * ```ts
 * await run({ name: 'mining-device', config: miningDeviceConfig, start: createMiningDevice });
 * ```
 *
 * @packageDocumentation
 */
export { type MiningDeviceConfig, miningDeviceConfig } from './config.ts';
export { createMiningDevice } from './create.ts';
export type { MiningDevice, MiningDeviceDeps, MiningDeviceStatus } from './device.ts';
export { MINING_DEVICE_CLOSE_REASONS, type MiningDeviceCloseReason } from './errors.ts';
export { type MinerPhase, REACTIONS, type Reaction } from './reactions.ts';
export { NonceScanner, type ScanResult } from './scanner.ts';
