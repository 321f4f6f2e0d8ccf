// TLV fields after a message's own (§3.4.3). Deployed implementations write type and length little-endian, against the
// spec's examples; so do we. On receipt big-endian is read where little-endian names no negotiated extension (docs/ERRATA.md).
import type { Reader, Writer } from './cursor.ts';
import type { TlvField } from './declare.ts';
import { EncodeError } from './errors.ts';

/** Extension type (2), field type (1) and length (2), in bytes. */
const TLV_HEADER = 5;
type NamedTlv = readonly (readonly [name: string, field: TlvField<unknown>])[];

/** Reads the payload's tail. Fields that were not negotiated, or that this message does not declare, are ignored. */
export function readTlvs(
  reader: Reader,
  declared: NamedTlv,
  negotiated: ReadonlySet<number>,
  into: Record<string, unknown>,
): void {
  while (reader.remaining > 0) {
    reader.field = 'TLV';
    if (reader.remaining < TLV_HEADER) throw reader.error('malformed-tlv', { remaining: reader.remaining });
    const { extension, fieldType, length } = readTlvHeader(reader, negotiated);
    const at = reader.take(length);
    if (!negotiated.has(extension)) continue;
    for (const [name, field] of declared) {
      if (field.extension !== extension || field.fieldType !== fieldType) continue;
      reader.field = name;
      if (length > field.max) throw reader.error('length-out-of-range', { length, max: field.max });
      if (into[name] !== undefined) throw reader.error('malformed-tlv', { repeated: name });
      into[name] = reader.bytes.subarray(at, at + length);
    }
  }
}

function readTlvHeader(
  reader: Reader,
  negotiated: ReadonlySet<number>,
): { extension: number; fieldType: number; length: number } {
  const [a, b, fieldType, c, d] = reader.bytes.subarray(reader.offset, reader.offset + TLV_HEADER) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const room = reader.remaining - TLV_HEADER;
  const little = { extension: a | (b << 8), fieldType, length: c | (d << 8) };
  const big = { extension: (a << 8) | b, fieldType, length: (c << 8) | d };
  const preferBig = !negotiated.has(little.extension) && (negotiated.has(big.extension) || little.length > room);
  const chosen = preferBig && big.length <= room ? big : little;
  if (chosen.length > room) throw reader.error('malformed-tlv', { length: chosen.length, remaining: room });
  reader.take(TLV_HEADER);
  return chosen;
}

/** The declared TLV fields that this message carries, in extension order. */
export function presentTlvs(
  declared: NamedTlv,
  message: Readonly<Record<string, unknown>>,
  negotiated: ReadonlySet<number>,
): NamedTlv {
  const present = declared.filter(([name, field]) => message[name] !== undefined && negotiated.has(field.extension));
  return present.sort(([, a], [, b]) => a.extension - b.extension || a.fieldType - b.fieldType);
}

/** Size of these fields on the wire, in bytes. */
export function tlvSize(present: NamedTlv, message: Readonly<Record<string, unknown>>): number {
  return present.reduce((sum, [name]) => sum + TLV_HEADER + (message[name] as Uint8Array).length, 0);
}

export function writeTlvs(writer: Writer, present: NamedTlv, message: Readonly<Record<string, unknown>>): void {
  for (const [name, field] of present) {
    const value = message[name] as Uint8Array;
    if (value.length > field.max) {
      throw new EncodeError('value-out-of-range', { field: name, length: value.length, max: field.max });
    }
    const at = writer.take(TLV_HEADER + value.length);
    writer.bytes[at] = field.extension;
    writer.bytes[at + 1] = field.extension >>> 8;
    writer.bytes[at + 2] = field.fieldType;
    writer.bytes[at + 3] = value.length;
    writer.bytes[at + 4] = value.length >>> 8;
    writer.bytes.set(value, at + TLV_HEADER);
  }
}
