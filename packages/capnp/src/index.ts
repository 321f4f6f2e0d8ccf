/**
 * Cap'n Proto messages and the client's side of its two-party RPC. Pure: bytes in, outcomes out; no time, sockets or
 * schemas. A method is described where it is called, with the offsets that the schema's compiler assigns.
 *
 * @example
 * ```ts
 * const connection = new RpcConnection({ send: (bytes) => socket.write(bytes), onEnd: () => socket.destroy() });
 * socket.on('data', (chunk) => connection.receive(chunk));
 * const main = await connection.bootstrap();
 * const sum = await connection.call(main, {
 *   name: 'Calculator.add',
 *   interfaceId: 0x97983392df35cc36n,
 *   id: 0,
 *   dataWords: 2,
 *   params: (params) => {
 *     params.i64(0, 40n);
 *     params.i64(8, 2n);
 *   },
 *   results: (results) => results.i64(0),
 * });
 * main.release();
 * ```
 *
 * @packageDocumentation
 */
export { Capability } from './capability.ts';
export { CAPNP_ERRORS, CapnpError, type CapnpErrorCode, RPC_ERRORS, RpcError, type RpcErrorType } from './errors.ts';
export { FrameReader } from './frame-reader.ts';
export { CAPNP_LIMITS, type CapnpLimits } from './limits.ts';
export { MessageBuilder } from './message-builder.ts';
export { MessageReader } from './message-reader.ts';
export type { Method, Take } from './method.ts';
export { RpcConnection, type RpcConnectionOptions, type RpcStats } from './rpc-connection.ts';
export type { CapabilityRef, StructBuilder } from './struct-builder.ts';
export type { StructReader } from './struct-reader.ts';
