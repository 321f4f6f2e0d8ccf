/** Hexadecimal of bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Bytes of hexadecimal; reads up to the first thing that is none. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < bytes.length; at += 1) {
    const pair = text.slice(2 * at, 2 * at + 2);
    if (!/^[0-9a-f]{2}$/i.test(pair)) return bytes.subarray(0, at);
    bytes[at] = Number.parseInt(pair, 16);
  }
  return bytes;
}

/** A byte as the text column of a hex dump shows it. */
export function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
