/**
 * Stratum V1 and Stratum V2, each said in the other's words, without input or output: V1 miners on V2 channels, and V2
 * devices on V1 pools. Pure: no time, randomness, sockets or logging.
 *
 * @packageDocumentation
 */
export { type UserName, workerOf } from './worker-name.ts';
// V2 devices on a V1 pool.
export { capacityWords, extranonceRoom, type ExtranonceRoom, type RoomWish } from './to-v1/extranonce-room.ts';
export { POOL_REFUSALS, poolRefusal, type PoolRefusal } from './to-v1/pool-refusals.ts';
export { type DeviceShare, isWorthSubmitting, poolShare, type PoolShare } from './to-v1/pool-share.ts';
export { poolUserName } from './to-v1/pool-user-name.ts';
export {
  deviceMask,
  poolWork,
  type PoolWork,
  type PoolWorkReading,
  UNUSABLE_POOL_JOBS,
  type UnusablePoolJob,
} from './to-v1/upstream-work.ts';
