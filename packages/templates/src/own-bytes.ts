/** These bytes without what surrounds them: a view would keep a node's whole answer in memory, so such are copied. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes);
}
