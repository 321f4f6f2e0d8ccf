import { Reader, Writer } from './cursor.ts';
import type { MessageDefinition, MessageOf } from './declare.ts';
import { EncodeError } from './errors.ts';
import { HEADER_SIZE, writeHeader } from './frame.ts';
import { presentTlvs, readTlvs, tlvSize, writeTlvs } from './tlv.ts';

/** No extension negotiated. */
const NONE: ReadonlySet<number> = new Set();
type Values = Readonly<Record<string, unknown>>;

/**
 * A payload's bytes -> a message (§3.1). Byte fields are views onto `payload`: copy what outlives it.
 * Bytes behind the last field must be TLV fields (§3.4.3); only those of `negotiated` extensions are kept.
 * @throws DecodeError naming message, field and offset, and never anything else, whatever the bytes.
 */
export function decodePayload<D extends MessageDefinition>(
  definition: D,
  payload: Uint8Array,
  negotiated: ReadonlySet<number> = NONE,
): MessageOf<D> {
  const reader = new Reader(payload, definition.specName);
  const values: Record<string, unknown> = { type: definition.name };
  for (const [name, type] of definition.fieldList) {
    reader.field = name;
    values[name] = type.read(reader);
  }
  if (reader.offset < payload.length) readTlvs(reader, definition.tlvList, negotiated, values);
  return values as MessageOf<D>;
}

/** Size of a message's payload, in bytes. */
export function payloadSize<D extends MessageDefinition>(
  definition: D,
  message: MessageOf<D>,
  negotiated: ReadonlySet<number> = NONE,
): number {
  const values = message as Values;
  let size = 0;
  for (const [name, type] of definition.fieldList) size += type.size(values[name]);
  if (definition.tlvList.length > 0) size += tlvSize(presentTlvs(definition.tlvList, values, negotiated), values);
  return size;
}

/**
 * Header and payload of a message, in one allocation of the exact size (§3.2).
 * @throws EncodeError naming the field whose value does not fit.
 */
export function encodeFrame<D extends MessageDefinition>(
  definition: D,
  message: MessageOf<D>,
  negotiated: ReadonlySet<number> = NONE,
): Uint8Array {
  const length = payloadSize(definition, message, negotiated);
  const frame = new Uint8Array(HEADER_SIZE + length);
  writeFrame(definition, message, frame, 0, length, negotiated);
  return frame;
}

/** Writes header and payload at `offset` of a buffer that is large enough; returns the frame's size in bytes. */
export function encodeInto<D extends MessageDefinition>(
  definition: D,
  message: MessageOf<D>,
  target: Uint8Array,
  offset: number,
  negotiated: ReadonlySet<number> = NONE,
): number {
  const length = payloadSize(definition, message, negotiated);
  writeFrame(definition, message, target, offset, length, negotiated);
  return HEADER_SIZE + length;
}

function writeFrame<D extends MessageDefinition>(
  definition: D,
  message: MessageOf<D>,
  target: Uint8Array,
  offset: number,
  length: number,
  negotiated: ReadonlySet<number>,
): void {
  const values = message as Values;
  if (length > definition.maxPayload) {
    throw new EncodeError('value-out-of-range', { message: definition.specName, length, max: definition.maxPayload });
  }
  const { extensionType, channelMsg, messageType } = definition;
  writeHeader({ extensionType, channelMsg, messageType, length }, target, offset);
  const writer = new Writer(target, offset + HEADER_SIZE);
  for (const [name, type] of definition.fieldList) {
    try {
      type.write(writer, values[name]);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      throw new EncodeError(error.code, { message: definition.specName, field: name, ...error.details });
    }
  }
  if (definition.tlvList.length > 0) writeTlvs(writer, presentTlvs(definition.tlvList, values, negotiated), values);
}
