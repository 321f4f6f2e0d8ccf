import { lineBytes } from './short-lines.ts';

/** Lines that wait to be written. */
export class Outbox {
  #parts: Uint8Array[] = [];

  add(line: string): void {
    this.#parts.push(lineBytes(line));
  }

  /** Bytes that are shared with others: they are copied or handed on, never changed. */
  addBytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  /** All lines in one piece, or undefined when there are none. */
  drain(): Uint8Array | undefined {
    const parts = this.#parts;
    if (parts.length === 0) return undefined;
    this.#parts = [];
    const [only] = parts;
    if (parts.length === 1) return only;
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }
}
