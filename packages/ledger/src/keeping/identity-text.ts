const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A user_identity as text: where it is no UTF-8, bytes beyond ASCII are written as `\xNN`, and a NUL always is. */
export function identityText(identity: Uint8Array): string {
  try {
    return decoder.decode(identity).replaceAll('\0', '\\x00');
  } catch {
    return Array.from(identity, (byte) => (byte > 0 && byte < 0x80 ? String.fromCharCode(byte) : escaped(byte))).join(
      '',
    );
  }
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
