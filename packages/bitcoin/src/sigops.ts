const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;
const OP_PUSHDATA4 = 0x4e;
const OP_CHECKSIG = 0xac;
const OP_CHECKSIGVERIFY = 0xad;
const OP_CHECKMULTISIG = 0xae;
const OP_CHECKMULTISIGVERIFY = 0xaf;
/** Every multisig counts as the most keys it may have. */
const MULTISIG_SIGOPS = 20;

/** Signature operations in a script as Core counts them for blocks (legacy, inaccurate), before the factor 4. */
export function countSigops(script: Uint8Array): number {
  let sigops = 0;
  for (let at = 0; at < script.length; ) {
    const opcode = script[at++] ?? 0;
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) sigops += 1;
    else if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY) sigops += MULTISIG_SIGOPS;
    else if (opcode < OP_PUSHDATA1) at += opcode;
    else if (opcode <= OP_PUSHDATA4) {
      const width = opcode === OP_PUSHDATA1 ? 1 : opcode === OP_PUSHDATA2 ? 2 : 4;
      if (at + width > script.length) return sigops;
      at += width + littleEndian(script, at, width);
    }
  }
  return sigops;
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
