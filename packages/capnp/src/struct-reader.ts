import { type Arena, type ListPlace, NOWHERE, type StructPlace } from './arena.ts';
import { CapnpError } from './errors.ts';
import { WORD } from './pointers.ts';
import { fromUtf8 } from './text.ts';

const NOTHING: StructPlace = { segment: 0, at: 0, dataBytes: 0, pointers: 0 };
const NO_LIST: ListPlace = { ...NOTHING, count: 0, step: 0 };
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
    return this.#arena.has(this.#pointer(index));
  }

  struct(index: number): StructReader {
    const place = this.#arena.struct(this.#place.segment, this.#pointer(index));
    return new StructReader(this.#arena, place, this.#depth + 1);
  }

  structList(index: number): StructReader[] {
    const { segment, dataBytes, pointers, ...list } = this.#list(index);
    return each(list, (at) => new StructReader(this.#arena, { segment, at, dataBytes, pointers }, this.#depth + 1));
  }

  /** A view of the frame: whoever keeps it keeps the whole frame, and whoever transfers its buffer takes it away. */
  data(index: number): Uint8Array {
    return this.#arena.data(this.#place.segment, this.#pointer(index)) ?? new Uint8Array(0);
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
    if (list.count > 0 && list.pointers === 0) throw new CapnpError('malformed', 'a list has no pointers');
    return each(list, (at) => this.#arena.data(list.segment, at + list.dataBytes) ?? new Uint8Array(0));
  }

  int64List(index: number): bigint[] {
    const list = this.#list(index);
    if (list.count > 0 && list.dataBytes < WORD) throw new CapnpError('malformed', 'a list has no 64-bit numbers');
    return each(list, (at) => this.#arena.view.getBigInt64(at, true));
  }

  /** Index in the message's table of capabilities; undefined for null. */
  capability(index: number): number | undefined {
    return this.#arena.capability(this.#place.segment, this.#pointer(index));
  }

  #holds(offset: number, bytes: number): boolean {
    return offset + bytes <= this.#place.dataBytes;
  }

  #pointer(index: number): number {
    if (index >= this.#place.pointers) return NOWHERE;
    return this.#place.at + this.#place.dataBytes + index * WORD;
  }

  #list(index: number): ListPlace {
    return this.#arena.list(this.#place.segment, this.#pointer(index)) ?? NO_LIST;
  }
}

/** Reads each element of a list by its offset. Several times as fast as Array.from (bench: decode 3,000 fees). */
function each<T>({ at, count, step }: Pick<ListPlace, 'at' | 'count' | 'step'>, read: (at: number) => T): T[] {
  // oxlint-disable-next-line unicorn/no-new-array
  const items = new Array<T>(count);
  for (let i = 0; i < count; i += 1) items[i] = read(at + i * step);
  return items;
}
