import { BYTE_LIST, COMPOSITE_LIST, LIST, OTHER, POINTER_LIST, STRUCT, WORD, WORD_LIST } from './pointers.ts';
import type { Segment } from './segment.ts';
import { utf8 } from './text.ts';

/** What stands for a capability in a message that is being built: its id is looked up when the message is whole. */
export interface CapabilityRef {
  readonly id: number;
}

/** What every part of one message shares. */
export interface Building {
  readonly segment: Segment;
  readonly capabilities: CapabilityRef[];
}

const scratch = new DataView(new ArrayBuffer(WORD));
const EMPTY_STRUCT = -4;

/**
 * A struct of a message that is being built; fields are addressed as in {@link StructReader}, and have their default
 * until they are set.
 *
 * @throws RangeError for a field outside the size that the struct was made with
 */
export class StructBuilder {
  readonly #building: Building;
  readonly #at: number;
  readonly #dataBytes: number;
  readonly #pointers: number;

  constructor(building: Building, at: number, dataWords: number, pointers: number) {
    this.#building = building;
    this.#at = at;
    this.#dataBytes = dataWords * WORD;
    this.#pointers = pointers;
  }

  u8(offset: number, value: number, byDefault = 0): void {
    this.#view.setUint8(this.#field(offset, 1), value ^ byDefault);
  }

  u16(offset: number, value: number, byDefault = 0): void {
    this.#view.setUint16(this.#field(offset, 2), value ^ byDefault, true);
  }

  u32(offset: number, value: number, byDefault = 0): void {
    this.#view.setUint32(this.#field(offset, 4), value ^ byDefault, true);
  }

  i32(offset: number, value: number, byDefault = 0): void {
    this.u32(offset, value, byDefault);
  }

  u64(offset: number, value: bigint, byDefault = 0n): void {
    this.#view.setBigUint64(this.#field(offset, 8), value ^ byDefault, true);
  }

  i64(offset: number, value: bigint, byDefault = 0n): void {
    this.u64(offset, value, byDefault);
  }

  f64(offset: number, value: number, byDefault = 0): void {
    scratch.setFloat64(0, byDefault, true);
    const defaultBits = scratch.getBigUint64(0, true);
    scratch.setFloat64(0, value, true);
    this.u64(offset, scratch.getBigUint64(0, true), defaultBits);
  }

  bool(bit: number, value: boolean, byDefault = false): void {
    const at = this.#field(bit >>> 3, 1);
    const mask = 1 << (bit & 7);
    const others = this.#view.getUint8(at) & ~mask;
    this.#view.setUint8(at, value === byDefault ? others : others | mask);
  }

  /** Sets pointer `index` to a new struct. */
  struct(index: number, dataWords: number, pointers: number): StructBuilder {
    return writeStruct(this.#building, this.#pointer(index), dataWords, pointers);
  }

  /** Sets pointer `index` to a list of so many new structs. */
  structList(index: number, count: number, dataWords: number, pointers: number): StructBuilder[] {
    const words = count * (dataWords + pointers);
    const at = this.#list(this.#pointer(index), COMPOSITE_LIST, words, (1 + words) * WORD);
    writeHalves(this.#view, at, (count << 2) | STRUCT, (pointers << 16) | dataWords);
    const step = (dataWords + pointers) * WORD;
    const first = at + WORD;
    return Array.from(
      { length: count },
      (_, i) => new StructBuilder(this.#building, first + i * step, dataWords, pointers),
    );
  }

  data(index: number, bytes: Uint8Array): void {
    this.#data(this.#pointer(index), bytes, bytes.length);
  }

  text(index: number, text: string): void {
    const bytes = utf8(text);
    this.#data(this.#pointer(index), bytes, bytes.length + 1);
  }

  dataList(index: number, items: readonly Uint8Array[]): void {
    const at = this.#list(this.#pointer(index), POINTER_LIST, items.length, items.length * WORD);
    for (const [i, item] of items.entries()) this.#data(at + i * WORD, item, item.length);
  }

  int64List(index: number, items: readonly bigint[]): void {
    const at = this.#list(this.#pointer(index), WORD_LIST, items.length, items.length * WORD);
    for (const [i, item] of items.entries()) this.#view.setBigInt64(at + i * WORD, item, true);
  }

  /** Sets pointer `index` to a capability; the message's table of capabilities gets it when the message is whole. */
  capability(index: number, capability: CapabilityRef): void {
    const { capabilities } = this.#building;
    writeHalves(this.#view, this.#pointer(index), OTHER, capabilities.push(capability) - 1);
  }

  get #view(): DataView {
    return this.#building.segment.view;
  }

  #field(offset: number, bytes: number): number {
    if (offset + bytes > this.#dataBytes) throw new RangeError(`no field at ${offset} of ${this.#dataBytes} bytes`);
    return this.#at + offset;
  }

  #pointer(index: number): number {
    if (index >= this.#pointers) throw new RangeError(`no pointer ${index} of ${this.#pointers}`);
    return this.#at + this.#dataBytes + index * WORD;
  }

  #data(pointer: number, bytes: Uint8Array, length: number): void {
    this.#building.segment.set(this.#list(pointer, BYTE_LIST, length, length), bytes);
  }

  #list(pointer: number, size: number, count: number, bytes: number): number {
    if (count >= 2 ** 29) throw new RangeError(`${count} are too many for a list`);
    const at = this.#building.segment.allocate(bytes);
    writeHalves(this.#view, pointer, offsetTo(at, pointer) | LIST, (count << 3) | size);
    return at;
  }
}

/** A new struct, and the pointer at `pointer` to it. An empty one is there where its pointer is. */
export function writeStruct(building: Building, pointer: number, dataWords: number, pointers: number): StructBuilder {
  const at = building.segment.allocate((dataWords + pointers) * WORD);
  const low = dataWords + pointers === 0 ? EMPTY_STRUCT : offsetTo(at, pointer);
  writeHalves(building.segment.view, pointer, low, (pointers << 16) | dataWords);
  return new StructBuilder(building, at, dataWords, pointers);
}

/** The upper thirty bits of a pointer: words from its end to the object. */
const offsetTo = (at: number, pointer: number): number => ((at - pointer - WORD) / WORD) << 2;

function writeHalves(view: DataView, at: number, low: number, high: number): void {
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}
