import { CapnpError } from './errors.ts';
import type { CapnpLimits } from './limits.ts';
import {
  BIT_LIST,
  BYTE_LIST,
  COMPOSITE_LIST,
  ELEMENT_BYTES,
  FAR,
  LIST,
  OTHER,
  POINTER_LIST,
  STRUCT,
  tableBytes,
  WORD,
} from './pointers.ts';

const malformed = (what: string): CapnpError => new CapnpError('malformed', what);

/** Where a pointer leads: the object's segment and its offset in the frame, and the pointer's (or tag's) two halves. */
interface Target {
  readonly segment: number;
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** A struct's place. Offsets are in the frame, in bytes. */
export interface StructPlace {
  readonly segment: number;
  readonly at: number;
  readonly dataBytes: number;
  readonly pointers: number;
}

/** A list's place: each element is a struct of so many bytes and pointers, `step` bytes after the one before. */
export interface ListPlace extends StructPlace {
  readonly count: number;
  readonly step: number;
}

/** Where a pointer is that the sender's struct has no room for: it is null. */
export const NOWHERE = -1;

/** Words that may always be read, however small the message is. */
const LEAST_READ = 1_024;

/**
 * One received message: follows pointers of every kind and checks that what they lead to is inside its segment.
 *
 * Counts the words it leads to: small messages whose pointers lead to the same big object many times end in an error
 * instead of in much memory.
 */
export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly nesting: number;
  /** Where each segment starts in the frame, and where the last one ends. */
  readonly #bounds: number[] = [];
  readonly #elements: number;
  /** Words that may still be read. */
  #words: number;

  constructor(frame: Uint8Array, limits: CapnpLimits) {
    this.bytes = frame;
    this.view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.nesting = limits.nesting;
    this.#elements = limits.elements;
    this.#words = LEAST_READ + limits.readings * (frame.length / WORD);
    if (frame.length < WORD) throw malformed('the frame ends inside its segment table');
    const segments = this.view.getUint32(0, true) + 1;
    if (segments > limits.segments) throw new CapnpError('too-large', `${segments} segments`);
    let at = tableBytes(segments);
    if (at > frame.length) throw malformed('the frame ends inside its segment table');
    this.#bounds.push(at);
    for (let segment = 0; segment < segments; segment += 1) {
      at += this.view.getUint32(4 + 4 * segment, true) * WORD;
      this.#bounds.push(at);
    }
    if (at !== frame.length) throw malformed(`the frame has ${frame.length} bytes, its segments end at ${at}`);
  }

  /** Where the root pointer is: the first word of the first segment. */
  get root(): number {
    return this.#inside(0, this.#bounds[0] as number, WORD);
  }

  /** Whether there is a pointer at `at` other than null. */
  has(at: number): boolean {
    if (at === NOWHERE) return false;
    return this.view.getUint32(at, true) !== 0 || this.view.getUint32(at + 4, true) !== 0;
  }

  /** The struct that the pointer at `at` leads to; undefined for a null pointer. */
  struct(segment: number, at: number): StructPlace | undefined {
    const target = this.#follow(segment, at);
    if (target === undefined) return undefined;
    if ((target.low & 3) !== STRUCT) throw malformed('a pointer leads to no struct');
    const dataBytes = (target.high & 0xffff) * WORD;
    const pointers = target.high >>> 16;
    this.#inside(target.segment, target.at, dataBytes + pointers * WORD);
    this.#count(1 + dataBytes / WORD + pointers);
    return { segment: target.segment, at: target.at, dataBytes, pointers };
  }

  /**
   * The list that the pointer at `at` leads to, of any kind but bits, as structs: a schema may turn a list of numbers
   * or pointers into a list of structs that begin with them, so that both are read alike.
   */
  list(segment: number, at: number): ListPlace | undefined {
    const target = this.#list(segment, at);
    if (target === undefined) return undefined;
    const size = target.high & 7;
    if (size === BIT_LIST) throw malformed('a list of bits where structs, numbers or pointers belong');
    const list = size === COMPOSITE_LIST ? this.#composite(target) : this.#simple(target, size);
    if (list.count > this.#elements) throw new CapnpError('too-large', `a list of ${list.count} elements`);
    this.#count(1 + list.count * Math.max(1, list.step / WORD));
    return list;
  }

  /** A view of the list of bytes that the pointer at `at` leads to. */
  data(segment: number, at: number): Uint8Array | undefined {
    const target = this.#list(segment, at);
    if (target === undefined) return undefined;
    if ((target.high & 7) !== BYTE_LIST) throw malformed('a pointer leads to no list of bytes');
    const length = target.high >>> 3;
    this.#inside(target.segment, target.at, length);
    this.#count(1 + length / WORD);
    return this.bytes.subarray(target.at, target.at + length);
  }

  /** The index in the table of capabilities that the pointer at `at` holds. */
  capability(segment: number, at: number): number | undefined {
    const target = this.#follow(segment, at);
    if (target === undefined) return undefined;
    if (target.low !== OTHER) throw malformed('a pointer is no capability');
    return target.high;
  }

  #list(segment: number, at: number): Target | undefined {
    const target = this.#follow(segment, at);
    if (target !== undefined && (target.low & 3) !== LIST) throw malformed('a pointer leads to no list');
    return target;
  }

  #simple({ segment, at, high }: Target, size: number): ListPlace {
    const dataBytes = ELEMENT_BYTES[size] as number;
    const pointers = size === POINTER_LIST ? 1 : 0;
    const count = high >>> 3;
    const step = dataBytes + pointers * WORD;
    this.#inside(segment, at, count * step);
    return { segment, at, dataBytes, pointers, count, step };
  }

  #composite({ segment, at, high }: Target): ListPlace {
    const words = high >>> 3;
    this.#inside(segment, at, WORD + words * WORD);
    const low = this.view.getUint32(at, true);
    const sizes = this.view.getUint32(at + 4, true);
    if ((low & 3) !== STRUCT) throw malformed('the elements of a list are no structs');
    const dataBytes = (sizes & 0xffff) * WORD;
    const pointers = sizes >>> 16;
    const count = low >>> 2;
    const step = dataBytes + pointers * WORD;
    if (count * step > words * WORD) throw malformed(`${count} elements do not fit into the ${words} words of a list`);
    return { segment, at: at + WORD, dataBytes, pointers, count, step };
  }

  #follow(segment: number, at: number): Target | undefined {
    if (at === NOWHERE) return undefined;
    const low = this.view.getUint32(at, true);
    const high = this.view.getUint32(at + 4, true);
    if (low === 0 && high === 0) return undefined;
    if ((low & 3) === FAR) return this.#followFar(low, high);
    return { segment, at: at + WORD + (low >> 2) * WORD, low, high };
  }

  /** A far pointer leads to a landing pad in another segment: a pointer there, or (double far) a far pointer and a tag. */
  #followFar(farLow: number, farSegment: number): Target {
    const double = (farLow & 4) !== 0;
    const pad = this.#inside(farSegment, this.#start(farSegment) + (farLow >>> 3) * WORD, double ? 2 * WORD : WORD);
    const low = this.view.getUint32(pad, true);
    const high = this.view.getUint32(pad + 4, true);
    if (!double) {
      if ((low & 3) === FAR) throw malformed('a far pointer leads to a far pointer');
      return { segment: farSegment, at: pad + WORD + (low >> 2) * WORD, low, high };
    }
    if ((low & 7) !== FAR) throw malformed('a double-far pointer leads to no far pointer');
    const tag = { low: this.view.getUint32(pad + WORD, true), high: this.view.getUint32(pad + WORD + 4, true) };
    if ((tag.low & 3) === FAR) throw malformed('the tag of a double-far pointer is a far pointer');
    return { segment: high, at: this.#start(high) + (low >>> 3) * WORD, ...tag };
  }

  #start(segment: number): number {
    if (segment >= this.#bounds.length - 1)
      throw malformed(`a pointer leads to segment ${segment}, which is not there`);
    return this.#bounds[segment] as number;
  }

  #inside(segment: number, at: number, bytes: number): number {
    const inside = at >= (this.#bounds[segment] as number) && at + bytes <= (this.#bounds[segment + 1] as number);
    if (!inside) throw malformed('a pointer leads out of its segment');
    return at;
  }

  #count(words: number): void {
    this.#words -= words;
    if (this.#words < 0) throw new CapnpError('too-much-read', `a message of ${this.bytes.length} bytes`);
  }
}
