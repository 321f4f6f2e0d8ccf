import { DecodeError, type DecodeErrorCode } from './errors.ts';

/** A position in a payload, with the names an error needs. One per decoded payload; inspectors read field by field with it. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly message: string;
  offset = 0;
  field = '';
  constructor(bytes: Uint8Array, message: string) {
    this.bytes = bytes;
    this.message = message;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Moves past `size` bytes and returns where they start; refuses to pass the end. */
  take(size: number): number {
    const start = this.offset;
    const end = start + size;
    if (end > this.bytes.length) throw this.error('truncated', { needed: size, remaining: this.remaining });
    this.offset = end;
    return start;
  }

  error(code: DecodeErrorCode, details: Readonly<Record<string, unknown>> = {}): DecodeError {
    return new DecodeError(code, { message: this.message, field: this.field, offset: this.offset, ...details });
  }
}

/** A position in a buffer of exactly the size that the message needs. */
export class Writer {
  readonly bytes: Uint8Array;
  offset: number;
  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
  }

  take(size: number): number {
    const start = this.offset;
    this.offset = start + size;
    return start;
  }
}
