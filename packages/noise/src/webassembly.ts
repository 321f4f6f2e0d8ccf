/** The part of WebAssembly that this package uses: the ES library has no types for it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** Compiles and instantiates a module that imports nothing; the caller knows the type of its exports. */
export function instantiate(binary: Uint8Array): unknown {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
  return new WebAssembly.Instance(new WebAssembly.Module(binary), {}).exports;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    pending = ((pending << 6) | ALPHABET.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = pending >>> bits;
  }
  return bytes;
}
