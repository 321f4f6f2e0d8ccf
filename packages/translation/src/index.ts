/**
 * Stratum V1 and Stratum V2, each said in the other's words, without input or output: V1 miners on V2 channels, and V2
 * devices on V1 pools. Pure: no time, randomness, sockets or logging.
 *
 * @packageDocumentation
 */
export { type UserName, workerOf } from './worker-name.ts';
