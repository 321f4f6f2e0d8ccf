const PUSHDATA1 = 0x4c;
const PUSHDATA2 = 0x4d;
const PUSHDATA4 = 0x4e;
const OP_16 = 0x60;

/**
 * Whether a script is nothing but pushes and its last opcode pushes exactly the `size` bytes that follow the script: so
 * must the part of a coinbase's scriptSig be that stands before the extranonce, or the extranonce could be read as opcodes.
 *
 * @param size of what follows, at least 1
 */
export function endsInOpenPush(script: Uint8Array, size: number): boolean {
  if (size < 1) return false;
  let offset = 0;
  while (offset < script.length) {
    const opcode = script[offset] ?? 0;
    if (opcode > OP_16) return false;
    const lengthBytes = opcode === PUSHDATA1 ? 1 : opcode === PUSHDATA2 ? 2 : opcode === PUSHDATA4 ? 4 : 0;
    const start = offset + 1 + lengthBytes;
    if (start > script.length) return false;
    const length = pushLength(script, offset, opcode, lengthBytes);
    const end = start + length;
    if (end > script.length) return start === script.length && length === size;
    offset = end;
  }
  return false;
}

function pushLength(script: Uint8Array, offset: number, opcode: number, lengthBytes: number): number {
  if (opcode < PUSHDATA1) return opcode;
  let length = 0;
  for (let i = lengthBytes; i > 0; i -= 1) length = length * 256 + (script[offset + i] ?? 0);
  return length;
}
