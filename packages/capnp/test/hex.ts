/** Bytes of hex digits; spaces and line ends are for people. */
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A frame of segments that are given in hex. */
export function frameOf(...segments: readonly string[]): Uint8Array {
  const bodies = segments.map(bytesOf);
  const table = new DataView(new ArrayBuffer((4 + 4 * segments.length + 7) & ~7));
  table.setUint32(0, segments.length - 1, true);
  for (const [i, body] of bodies.entries()) table.setUint32(4 + 4 * i, body.length / 8, true);
  return concat(new Uint8Array(table.buffer), ...bodies);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
