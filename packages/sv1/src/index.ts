/**
 * Stratum V1 without its sockets: lines, messages, both sessions, shares and difficulties. Pure: no time, randomness or
 * input and output; runs in a browser. What turns it into V2 and back is in `@sv2kit/translation`.
 *
 * Hashes and targets are 32 bytes in internal byte order, as everywhere; only the lines have V1's orders.
 *
 * @example
 * ```ts
 * const miner = new Sv1ServerSession();
 * for (const event of miner.receive(chunk)) {
 *   if (event.type === 'configure') miner.configured(event.request, { versionMask: USUAL_VERSION_MASK });
 *   if (event.type === 'subscribe') miner.subscribed(event.request, { extranonce1, extranonce2Size: 4, session });
 *   if (event.type === 'authorise') miner.authorised(event.request);
 * }
 * miner.sendJob(new JobLine(job), minerDifficulty(target));
 * socket.write(miner.drain());
 * ```
 *
 * @packageDocumentation
 */
export {
  type Configured,
  readConfigured,
  readError,
  readSubscription,
  readVerdict,
  type Subscription,
  type Verdict,
  writeConfigured,
  writeSubscription,
} from './answers.ts';
export type { ClientState, PoolJob, Sv1ClientEvent } from './client-events.ts';
export { type ClientSessionOptions, Sv1ClientSession } from './client-session.ts';
export { floorPowerOfTwo, minerDifficulty, readDifficulty, readTarget, writeDifficulty } from './difficulty.ts';
export { type Id, type Json, type Line, NO_ID, readLine, writeError, writeRequest, writeResult } from './envelope.ts';
export {
  MALFORMED_REASONS,
  type MalformedReason,
  STRATUM_ERROR_NUMBERS,
  type StratumError,
  stratumError,
  SV1_ERRORS,
  Sv1Error,
  type Sv1ErrorCode,
} from './errors.ts';
export { JobLine, Sv1JobIds, type WorkLine } from './jobs.ts';
export { type LineLimits, MINER_LINE_LIMITS, POOL_LINE_LIMITS, SV1_LIMITS, type Sv1Limits } from './limits.ts';
export { LineReader } from './line-reader.ts';
export type { LineTap } from './line-tap.ts';
export {
  type Authorise,
  type Configure,
  type MinerRequest,
  readMinerRequest,
  type Submit,
  type Subscribe,
} from './miner-requests.ts';
export { type PasswordFields, readPassword, splitUsername, type UserIdentity } from './names.ts';
export {
  type PoolMessage,
  readPoolMessage,
  type Reconnect,
  type WritablePoolMessage,
  writePoolMessage,
} from './pool-messages.ts';
export type { Answerable, ServerState, Sv1ServerEvent, VersionRolling } from './server-events.ts';
export type { Offer } from './miner-desk.ts';
export { type ServerSessionOptions, Sv1ServerSession } from './server-session.ts';
export { headerOf, type Share, type ShareReading, type ShareTerms, shareOf, submitOf } from './share.ts';
export { commonMask, USUAL_VERSION_MASK, rolledVersion, rolledVersionByDifference } from './version-rolling.ts';
export { type Notify, readNotify, swapWords, writeNotify } from './work.ts';
export { type WritableMinerRequest, writeMinerRequest } from './write-miner-requests.ts';
