import type { DataType } from '@sv2kit/codec';
import { hex } from '../keys/text.ts';
import { remark } from './remarks.ts';
import type { DecodedFrame } from './frames.ts';

/** Bytes of a byte array that the text shows; JSON shows all. */
const SHOWN_BYTES = 96;
/** Elements of a sequence that the text shows. */
const SHOWN_ELEMENTS = 16;

/** A frame for people: a line that says what it is, then a line per field. */
export function asText(frame: DecodedFrame): string {
  const lines = [title(frame)];
  const rows = (frame.found?.definition.fieldList ?? []).map(([name, type]) => row(frame, name, type));
  const tlvs = (frame.found?.definition.tlvList ?? [])
    .filter(([name]) => frame.fields?.[name] !== undefined)
    .map(([name, { extension }]) => [name, `TLV ${hex16(extension)}`, frame.fields?.[name]] as const);
  if (frame.fields !== undefined) {
    const shown = [...rows, ...tlvs];
    const nameWidth = Math.max(0, ...shown.map(([name]) => name.length));
    const typeWidth = Math.max(0, ...shown.map(([, type]) => type.length));
    for (const [name, type, value] of shown) {
      const remarkText = remark(frame, name, value);
      const suffix = remarkText === undefined ? '' : `  (${remarkText})`;
      lines.push(`  ${name.padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${show(value)}${suffix}`);
    }
  }
  if (frame.error !== undefined) {
    lines.push(`  error: ${frame.error.text}`);
    if (frame.payload.length > 0) lines.push(`  payload: ${showBytes(frame.payload)}`);
  }
  return [...lines, ...frame.notes.map((note) => `  note: ${note}`), ''].join('\n');
}

/** A frame for programs: one line of JSON. */
export function asJson(frame: DecodedFrame): string {
  const { offset, header, found, fields, error, notes, payload } = frame;
  return JSON.stringify(
    {
      offset,
      ...header,
      ...(found && { type: found.definition.name, from: [...new Set(found.senders.map(({ side }) => side))] }),
      ...(fields && { message: fields }),
      ...(error && { error, payload }),
      ...(notes.length > 0 && { notes }),
    },
    (_, value: unknown) => {
      if (value instanceof Uint8Array) return hex(value);
      return typeof value === 'bigint' ? value.toString() : value;
    },
  );
}

function row(frame: DecodedFrame, name: string, type: DataType<unknown>): readonly [string, string, unknown] {
  return [name, type.name, frame.fields?.[name]];
}

function title({ offset, header, found, payload }: DecodedFrame): string {
  const name = found?.definition.specName ?? (header === undefined ? 'half a frame' : 'unknown message');
  const sides = new Set(found?.senders.map(({ side }) => side));
  const protocols = new Set(found?.senders.map(({ protocol }) => protocol));
  const facts = [
    ...(header === undefined ? [] : [`message 0x${header.messageType.toString(16).padStart(2, '0')}`]),
    ...(header === undefined || header.extensionType === 0 ? [] : [`extension ${hex16(header.extensionType)}`]),
    ...(protocols.size === 0 ? [] : [protocols.size === 3 ? 'any protocol' : [...protocols].join(', ')]),
    ...(sides.size === 0 ? [] : [`from the ${[...sides].join(' or ')}`]),
    `${payload.length} bytes${header === undefined ? '' : ` at ${offset}`}`,
  ];
  return `${name}  (${facts.join('; ')})`;
}

function show(value: unknown): string {
  if (value === undefined) return 'none';
  if (value instanceof Uint8Array) return showBytes(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (!Array.isArray(value)) return String(value);
  const shown = value.slice(0, SHOWN_ELEMENTS).map(show).join(', ');
  return `${value.length} of [${shown}${value.length > SHOWN_ELEMENTS ? ', …' : ''}]`;
}

/** Hexadecimal, and as text where it is nothing but printable text. */
function showBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty';
  const cut = bytes.subarray(0, SHOWN_BYTES);
  const text = new TextDecoder('latin1').decode(cut);
  const readable = bytes.length < 32 && /^[\x20-\x7e]+$/.test(text) ? ` ${JSON.stringify(text)}` : '';
  return `${hex(cut)}${bytes.length > SHOWN_BYTES ? `… ${bytes.length} bytes` : ''}${readable}`;
}

function hex16(number: number): string {
  return `0x${number.toString(16).padStart(4, '0')}`;
}
