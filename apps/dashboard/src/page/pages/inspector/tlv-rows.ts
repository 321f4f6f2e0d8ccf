import type { MessageDefinition } from '@sv2kit/codec';
import { valueMeaning, valueText } from './field-words.ts';
import { hexNumber } from './find-message.ts';
import type { FieldRow } from './read-frame.ts';

/** Extension type (2), field type (1) and length (2), in bytes. */
const TLV_HEADER = 5;

/** Rows of the TLV fields behind the last field (§3.4.3), up to where they no longer are such. */
export function readTlvRows(
  payload: Uint8Array,
  from: number,
  shift: number,
  { tlvList }: MessageDefinition,
): readonly FieldRow[] {
  const rows: FieldRow[] = [];
  for (let at = from; payload.length - at >= TLV_HEADER; ) {
    const { extension, fieldType, length } = readTlvHeader(payload, at, tlvList);
    const end = at + TLV_HEADER + length;
    if (end > payload.length) break;
    const value = payload.subarray(at + TLV_HEADER, end);
    const [name] = tlvList.find(([, one]) => one.extension === extension && one.fieldType === fieldType) ?? [];
    const meaning = valueMeaning('', name ?? '', value, { protocol: '' });
    rows.push({
      name: name ?? `field ${hexNumber(fieldType, 2)}`,
      type: `TLV ${hexNumber(extension, 4)}`,
      start: at + shift,
      end: end + shift,
      text: valueText(value),
      ...(meaning !== undefined && { meaning }),
    });
    at = end;
  }
  return rows;
}

/** Little-endian as deployed, else big-endian as in the examples of the spec. */
function readTlvHeader(payload: Uint8Array, at: number, tlvList: MessageDefinition['tlvList']) {
  const [a = 0, b = 0, fieldType = 0, c = 0, d = 0] = payload.subarray(at, at + TLV_HEADER);
  const little = { extension: a | (b << 8), fieldType, length: c | (d << 8) };
  const big = { extension: (a << 8) | b, fieldType, length: (c << 8) | d };
  const isDeclared = ({ extension }: typeof little) => tlvList.some(([, one]) => one.extension === extension);
  const room = payload.length - at - TLV_HEADER;
  const prefersBig = !isDeclared(little) && (isDeclared(big) || little.length > room);
  return prefersBig && big.length <= room ? big : little;
}
