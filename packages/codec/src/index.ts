/**
 * Stratum V2 messages: bytes <-> typed values. Pure, no dependencies, runs anywhere.
 *
 * Every message of §8 is declared once, as a constant that is its codec and a type of the same name:
 * @example
 * const frame = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 7, maximumTarget: new Uint8Array(32) });
 * const definition = mining.fromServer.find(0, readHeader(frame).messageType);
 * const message = definition && decodePayload(definition, frame.subarray(HEADER_SIZE));
 * @packageDocumentation
 */
export { decodePayload, encodeFrame, encodeInto, payloadSize } from './coding.ts';
export { Reader } from './cursor.ts';
export type { DataType, Shape } from './data-types.ts';
export {
  channelMessage,
  type FromClient,
  type FromServer,
  message,
  type MessageDefinition,
  type MessageOf,
  type MessageTable,
  type Protocol,
  protocol,
  TLV_ALLOWANCE,
  type TlvField,
} from './declare.ts';
export * as dataTypes from './data-types.ts';
export {
  DECODE_ERRORS,
  DecodeError,
  type DecodeErrorCode,
  ENCODE_ERRORS,
  EncodeError,
  type EncodeErrorCode,
  ProtocolError,
} from './errors.ts';
export { fieldKind, type FieldKind, flagNames } from './field-kinds.ts';
export * from './flags.ts';
export { CHANNEL_MSG, type FrameHeader, HEADER_SIZE, patchChannelId, readHeader, writeHeader } from './frame.ts';
export * from './messages/common.ts';
export * from './messages/extensions.ts';
export * from './messages/job-declaration.ts';
export * from './messages/mining.ts';
export {
  CoinbaseOutputConstraints,
  MAX_TRANSACTIONS_PAYLOAD,
  NewTemplate,
  RequestTransactionData,
  RequestTransactionDataError,
  RequestTransactionDataSuccess,
  SetNewPrevHash as TemplateSetNewPrevHash,
  SubmitSolution,
} from './messages/template-distribution.ts';
export * from './protocols.ts';
export { fromUtf8, utf8, withoutControls } from './text.ts';
export { type Random, sampleMessage } from './sample.ts';
