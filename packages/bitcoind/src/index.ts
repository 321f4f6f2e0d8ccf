/**
 * Gets, starts and stops a bitcoind of one's own, for development and tests: no install, no root, no peers, nothing
 * written outside the folders given, nothing left running.
 *
 * @example
 * ```ts
 * import { obtainBitcoind, startBitcoind } from '@sv2kit/bitcoind';
 *
 * const binary = await obtainBitcoind({ cacheDir: '.cache' });
 * const node = await startBitcoind({ binary, chain: 'regtest', dataDir: '.cache/example-regtest' });
 * await node.stop();
 * ```
 *
 * @packageDocumentation
 */
export type { BitcoindBinary } from './binary.ts';
export { BitcoindError, type BitcoindErrorCode } from './bitcoind-error.ts';
export { freePorts } from './free-ports.ts';
export { type GuardedProcess, type ProcessEnd, spawnGuarded } from './guarded-process.ts';
export { findIpcNode, NO_IPC_NODE } from './ipc-node.ts';
export { type ObtainOptions, obtainBitcoind } from './obtain.ts';
export type { ObtainProgress, OnProgress } from './progress.ts';
export { type Bitcoind, type PrivateChain, type StartOptions, startBitcoind } from './start.ts';
