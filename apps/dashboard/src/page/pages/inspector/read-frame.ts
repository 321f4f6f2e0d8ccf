import {
  type DataType,
  DecodeError,
  decodePayload,
  HEADER_SIZE,
  type MessageDefinition,
  Reader,
  readHeader,
} from '@sv2kit/codec';
import { valueMeaning, valueText } from './field-words.ts';
import { findMessage, hexNumber, type Side, whyUnknown } from './find-message.ts';
import { readTlvRows } from './tlv-rows.ts';

/** A field, and where in the frame its bytes are. */
export interface FieldRow {
  readonly name: string;
  /** The spec's data type, length prefixes included. */
  readonly type: string;
  /** From here in the frame, in bytes, the header included. */
  readonly start: number;
  /** Up to here, itself excluded. */
  readonly end: number;
  readonly text: string;
  readonly meaning?: string;
  /** The elements of a sequence. */
  readonly elements?: readonly FieldRow[];
}

/** What a frame is, as far as it can be understood. */
export interface ReadFrame {
  /** The spec's name, or what stands in for it. */
  readonly name: string;
  /** Header and payload in wire order, without gaps as far as they go. */
  readonly rows: readonly FieldRow[];
  /** Why what follows the rows is not understood. */
  readonly problem?: string;
  /** Odd, but nothing that a receiver refuses. */
  readonly notes: readonly string[];
}

export interface FrameContext {
  /** mining, job-declaration or template-distribution. */
  readonly protocol: string;
  /** Who sent it. */
  readonly side: Side;
  /** What is here is only the beginning of the frame. */
  readonly isCut?: boolean;
}

/** Elements of a sequence that get a row each. */
const SHOWN_ELEMENTS = 64;

/** The name of a frame by its header alone: cheap enough for each message that passes. */
export function frameName(header: Uint8Array, { protocol, side }: FrameContext): string {
  if (header.length < HEADER_SIZE) return 'not a frame';
  const { extensionType, messageType } = readHeader(header);
  const found = findMessage(protocol, side, extensionType, messageType);
  return found?.specName ?? `unknown ${hexNumber(messageType, 2)}`;
}

/** Reads a frame, field by field. Never throws for what a peer can send. */
export function readFrame(bytes: Uint8Array, context: FrameContext): ReadFrame {
  const name = frameName(bytes, context);
  if (bytes.length < HEADER_SIZE) {
    return {
      name,
      rows: [],
      problem: `A frame has a header of ${HEADER_SIZE} bytes; ${bytes.length} are here.`,
      notes: [],
    };
  }
  const header = readHeader(bytes);
  const definition = findMessage(context.protocol, context.side, header.extensionType, header.messageType);
  const rows = headerRows(bytes, definition);
  if (definition === undefined) {
    const { protocol, side } = context;
    return { name, rows, problem: whyUnknown(protocol, side, header.extensionType, header.messageType), notes: [] };
  }
  const notes: string[] = [];
  if (header.channelMsg !== definition.channelMsg) {
    notes.push(`The channel_msg bit is ${header.channelMsg ? 'set' : 'not set'}: tolerated.`);
  }
  if (header.length > definition.maxPayload) {
    notes.push(`A receiver refuses it: ${header.length} bytes are above its cap of ${definition.maxPayload}.`);
  }
  const payload = bytes.subarray(HEADER_SIZE);
  const { rows: fields, problem } = payloadRows(definition, payload, context);
  if (context.isCut === true) notes.push('Only the beginning of this frame is here; what follows was not sent on.');
  const wrong = context.isCut === true ? undefined : (problem ?? whyRefused(definition, payload, header.length));
  return { name, rows: [...rows, ...fields], notes, ...(wrong !== undefined && { problem: wrong }) };
}

function headerRows(bytes: Uint8Array, definition: MessageDefinition | undefined): readonly FieldRow[] {
  const { extensionType, channelMsg, messageType, length } = readHeader(bytes);
  const bit = channelMsg ? 'channel_msg set' : undefined;
  return [
    {
      name: 'extensionType',
      type: 'U16',
      start: 0,
      end: 2,
      text: hexNumber(extensionType, 4),
      ...(bit !== undefined && { meaning: bit }),
    },
    {
      name: 'messageType',
      type: 'U8',
      start: 2,
      end: 3,
      text: hexNumber(messageType, 2),
      ...(definition !== undefined && { meaning: definition.specName }),
    },
    { name: 'length', type: 'U24', start: 3, end: 6, text: String(length) },
  ];
}

function payloadRows(
  definition: MessageDefinition,
  payload: Uint8Array,
  context: FrameContext,
): { readonly rows: readonly FieldRow[]; readonly problem?: string } {
  const reader = new Reader(payload, definition.specName);
  const rows: FieldRow[] = [];
  let setup: unknown;
  try {
    for (const [name, type] of definition.fieldList) {
      reader.field = name;
      const start = reader.offset;
      const value = type.read(reader);
      if (name === 'protocol') setup = value;
      const meaning = valueMeaning(definition.name, name, value, { protocol: context.protocol, setup });
      const elements = elementRows(type, name, payload.subarray(start, reader.offset), start + HEADER_SIZE, context);
      rows.push({
        name,
        type: type.name,
        start: start + HEADER_SIZE,
        end: reader.offset + HEADER_SIZE,
        text: valueText(value),
        ...(meaning !== undefined && { meaning }),
        ...(elements !== undefined && { elements }),
      });
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { rows, problem: problemText(error) };
  }
  return { rows: [...rows, ...readTlvRows(payload, reader.offset, HEADER_SIZE, definition)] };
}

/** A row for each element of a sequence, as far as there is room. */
function elementRows(
  type: DataType<unknown>,
  name: string,
  bytes: Uint8Array,
  start: number,
  { protocol }: FrameContext,
): readonly FieldRow[] | undefined {
  const { shape } = type;
  if (shape.kind !== 'sequence' || shape.optional) return undefined;
  const reader = new Reader(bytes, name);
  reader.take(shape.max > 0xff ? 2 : 1);
  const rows: FieldRow[] = [];
  while (reader.remaining > 0 && rows.length < SHOWN_ELEMENTS) {
    const from = reader.offset;
    const value = shape.of.read(reader);
    const meaning = valueMeaning('', name, value, { protocol });
    rows.push({
      name: `${name}[${rows.length}]`,
      type: shape.of.name,
      start: start + from,
      end: start + reader.offset,
      text: valueText(value),
      ...(meaning !== undefined && { meaning }),
    });
  }
  return rows;
}

/** What a receiver would say that reading field by field does not. */
function whyRefused(definition: MessageDefinition, payload: Uint8Array, announced: number): string | undefined {
  if (payload.length !== announced) {
    return `The header announces ${announced} bytes of payload; ${payload.length} are here.`;
  }
  try {
    decodePayload(definition, payload, new Set(definition.tlvList.map(([, { extension }]) => extension)));
    return undefined;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return problemText(error);
  }
}

function problemText({ code, details }: DecodeError): string {
  const { field, offset, needed, remaining, length, max, count } = details;
  const at = `${String(field)}, ${Number(offset) + HEADER_SIZE} bytes into the frame`;
  if (code === 'truncated') {
    const wanted = needed === undefined ? `${String(count)} elements` : `${String(needed)} bytes`;
    return `The payload ends inside ${at}: ${wanted} are wanted, ${String(remaining)} bytes are left.`;
  }
  if (code === 'length-out-of-range') {
    return `${String(length ?? count)} is more than ${String(max)}, which is the most that may be at ${at}.`;
  }
  return `What follows the last field is no sequence of TLV fields: ${at}.`;
}
