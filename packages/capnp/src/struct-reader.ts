import type { Arena, StructPlace } from './arena.ts';
import { CapnpError } from './errors.ts';
import { WORD } from './pointers.ts';
import { fromUtf8 } from './text.ts';

const NO_BYTES = new Uint8Array(0);
const NOTHING = { segment: 0, at: 0, dataBytes: 0, pointers: 0 };
const scratch = new DataView(new ArrayBuffer(WORD));

/**
 * A struct of a received message.
 *
 * Numbers are addressed by their byte offset in the data section, booleans by their bit there, pointers by their index:
 * the places that a schema's compiler assigns. A number is stored XORed with its default, so the default is given to
 * whoever reads it. What the sender's older schema did not have reads as the default; a null pointer as an empty struct,
 * list or text.
 *
 * Everything throws `CapnpError` where the bytes are not what the schema says.
 */
export class StructReader {
  readonly #arena: Arena;
  readonly #place: StructPlace;
  readonly #depth: number;

  constructor(arena: Arena, place: StructPlace = NOTHING, depth = 0) {
    if (depth > arena.nesting) throw new CapnpError('too-deep', `more than ${arena.nesting} objects in one another`);
    this.#arena = arena;
    this.#place = place;
    this.#depth = depth;
  }

  u8(offset: number, byDefault = 0): number {
    return this.#holds(offset, 1) ? this.#arena.view.getUint8(this.#place.at + offset) ^ byDefault : byDefault;
  }

  u16(offset: number, byDefault = 0): number {
    return this.#holds(offset, 2) ? this.#arena.view.getUint16(this.#place.at + offset, true) ^ byDefault : byDefault;
  }

  u32(offset: number, byDefault = 0): number {
    if (!this.#holds(offset, 4)) return byDefault;
    return (this.#arena.view.getUint32(this.#place.at + offset, true) ^ byDefault) >>> 0;
  }

  i32(offset: number, byDefault = 0): number {
    return this.#holds(offset, 4) ? this.#arena.view.getInt32(this.#place.at + offset, true) ^ byDefault : byDefault;
  }

  u64(offset: number, byDefault = 0n): bigint {
    return this.#holds(offset, 8)
      ? this.#arena.view.getBigUint64(this.#place.at + offset, true) ^ byDefault
      : byDefault;
  }

  i64(offset: number, byDefault = 0n): bigint {
    return this.#holds(offset, 8) ? this.#arena.view.getBigInt64(this.#place.at + offset, true) ^ byDefault : byDefault;
  }

  f64(offset: number, byDefault = 0): number {
    if (!this.#holds(offset, 8)) return byDefault;
    scratch.setFloat64(0, byDefault, true);
    const defaultBits = scratch.getBigUint64(0, true);
    scratch.setBigUint64(0, this.#arena.view.getBigUint64(this.#place.at + offset, true) ^ defaultBits, true);
    return scratch.getFloat64(0, true);
  }

  bool(bit: number, byDefault = false): boolean {
    return (((this.u8(bit >>> 3) >>> (bit & 7)) & 1) === 1) !== byDefault;
  }

  /** Whether pointer `index` is set, to whatever. */
  has(index: number): boolean {
    return index < this.#place.pointers && this.#arena.has(this.#pointer(index));
  }

  struct(index: number): StructReader {
    const place = this.has(index) ? this.#arena.struct(this.#place.segment, this.#pointer(index)) : undefined;
    return new StructReader(this.#arena, place, this.#depth + 1);
  }

  structList(index: number): StructReader[] {
    const list = this.#list(index);
    if (list === undefined) return [];
    const { segment, dataBytes, pointers } = list;
    return Array.from({ length: list.count }, (_, i) => {
      const at = list.at + i * list.step;
      return new StructReader(this.#arena, { segment, at, dataBytes, pointers }, this.#depth + 1);
    });
  }

  /** A view of the frame: whoever keeps it keeps the whole frame. */
  data(index: number): Uint8Array {
    if (!this.has(index)) return NO_BYTES;
    return this.#arena.data(this.#place.segment, this.#pointer(index)) ?? NO_BYTES;
  }

  /** A malformed sequence of UTF-8 becomes U+FFFD. */
  text(index: number): string {
    if (!this.has(index)) return '';
    const bytes = this.data(index);
    if (bytes.at(-1) !== 0) throw new CapnpError('malformed', 'a text does not end with NUL');
    return fromUtf8(bytes.subarray(0, -1));
  }

  /** Views of the frame, as `data`. */
  dataList(index: number): Uint8Array[] {
    const list = this.#list(index);
    if (list === undefined || list.count === 0) return [];
    if (list.pointers === 0) throw new CapnpError('malformed', 'a list has no pointers');
    const { segment, at, step, dataBytes } = list;
    return Array.from(
      { length: list.count },
      (_, i) => this.#arena.data(segment, at + i * step + dataBytes) ?? NO_BYTES,
    );
  }

  int64List(index: number): bigint[] {
    const list = this.#list(index);
    if (list === undefined || list.count === 0) return [];
    if (list.dataBytes < 8) throw new CapnpError('malformed', 'the numbers of a list have fewer than 64 bits');
    const { view } = this.#arena;
    return Array.from({ length: list.count }, (_, i) => view.getBigInt64(list.at + i * list.step, true));
  }

  /** Index in the message's table of capabilities; undefined for null. */
  capability(index: number): number | undefined {
    return this.has(index) ? this.#arena.capability(this.#place.segment, this.#pointer(index)) : undefined;
  }

  #holds(offset: number, bytes: number): boolean {
    return offset + bytes <= this.#place.dataBytes;
  }

  #pointer(index: number): number {
    return this.#place.at + this.#place.dataBytes + index * WORD;
  }

  #list(index: number) {
    return this.has(index) ? this.#arena.list(this.#place.segment, this.#pointer(index)) : undefined;
  }
}
