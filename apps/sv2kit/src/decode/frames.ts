import {
  DecodeError,
  decodePayload,
  type FrameHeader,
  HEADER_SIZE,
  type MessageDefinition,
  readHeader,
} from '@sv2kit/codec';
import { chooseTables, type Found, findByNumber, type Table } from './tables.ts';

/** What was wrong with a frame, and where. */
export interface FrameError {
  readonly code: string;
  readonly text: string;
  readonly message?: string;
  readonly field?: string;
  /** Offset in the payload, in bytes. */
  readonly offset?: number;
}

/** One frame, or one bare payload, as far as it could be understood. */
export interface DecodedFrame {
  /** Where it begins in the input, in bytes. */
  readonly offset: number;
  /** Missing for a bare payload. */
  readonly header?: FrameHeader;
  readonly found?: Found;
  /** The message's fields by name. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
  readonly error?: FrameError;
  /** Odd, but no error. */
  readonly notes: readonly string[];
}

/** Frames in a row, until the input ends or no longer holds whole frames. */
export function* decodeFrames(bytes: Uint8Array, tables: readonly Table[]): Generator<DecodedFrame> {
  for (let offset = 0; offset < bytes.length; ) {
    const left = bytes.length - offset;
    if (left < HEADER_SIZE) {
      const text = `the input ends inside a frame's header: ${left} of ${HEADER_SIZE} bytes are there`;
      yield { offset, payload: bytes.subarray(offset), error: { code: 'truncated', text }, notes: [] };
      return;
    }
    const header = readHeader(bytes, offset);
    const start = offset + HEADER_SIZE;
    const payload = bytes.subarray(start, start + header.length);
    if (payload.length < header.length) {
      const found = findByNumber(header.extensionType, header.messageType, tables);
      const text = `the header announces ${header.length} bytes of payload, ${payload.length} are there`;
      const error = { code: 'truncated', text };
      yield { offset, header, ...(found && { found }), payload, error, notes: [] };
      return;
    }
    yield decodeFrame(offset, header, payload, tables);
    offset = start + header.length;
  }
}

/** A payload without its frame. */
export function decodeOne(found: Found, payload: Uint8Array): DecodedFrame {
  return { offset: 0, found, payload, notes: [], ...decodeFields(found.definition, payload) };
}

function decodeFrame(offset: number, header: FrameHeader, payload: Uint8Array, tables: readonly Table[]): DecodedFrame {
  const found = findByNumber(header.extensionType, header.messageType, tables);
  if (found === undefined) {
    const error = { code: 'unknown-message', text: whyUnknown(header) };
    return { offset, header, payload, error, notes: [] };
  }
  const { definition } = found;
  const notes: string[] = [];
  if (header.channelMsg !== definition.channelMsg) {
    notes.push(`the channel_msg bit is ${header.channelMsg ? 'set' : 'not set'}; tolerated`);
  }
  if (header.length > definition.maxPayload) {
    notes.push(`a receiver refuses it: ${header.length} bytes are above its cap of ${definition.maxPayload}`);
  }
  return { offset, header, found, payload, notes, ...decodeFields(definition, payload) };
}

function decodeFields(
  definition: MessageDefinition,
  payload: Uint8Array,
): { readonly fields: Readonly<Record<string, unknown>> } | { readonly error: FrameError } {
  const extensions = new Set(definition.tlvList.map(([, { extension }]) => extension));
  try {
    const { type: _type, ...fields } = decodePayload(definition, payload, extensions);
    return { fields };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { message, field, offset } = error.details;
    return {
      error: {
        code: error.code,
        text: error.message,
        message: String(message),
        field: String(field),
        offset: Number(offset),
      },
    };
  }
}

function whyUnknown({ extensionType, messageType }: FrameHeader): string {
  const numbers = `message type 0x${messageType.toString(16).padStart(2, '0')} of extension 0x${extensionType.toString(16).padStart(4, '0')}`;
  const elsewhere = findByNumber(extensionType, messageType, chooseTables(undefined, undefined));
  if (elsewhere === undefined) return `there is no ${numbers}`;
  const senders = elsewhere.senders.map(({ protocol, side }) => `the ${side} of ${protocol}`).join(', ');
  return `${numbers} is ${elsewhere.definition.specName}, which only ${senders} sends`;
}
