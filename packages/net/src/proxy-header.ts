import { ProtocolError } from '@sv2kit/codec';
import type { NetCloseReason } from './close-reasons.ts';
import type { Remote } from './remote.ts';

/** The longest header that is read, in bytes; proxies send below 600 unless they add whole certificates. */
export const MAX_PROXY_HEADER = 4_096;

/** What the beginning of a proxy's connection says. */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'header';
      /** Of the header, in bytes. */
      readonly size: number;
      /** Who is behind the proxy; undefined: nobody, the proxy speaks for itself, say to check our health. */
      readonly source: Remote | undefined;
    }
  | { readonly kind: 'refused'; readonly code: 'proxy-header-missing' | 'proxy-version-1' | 'proxy-header-malformed' };

/** What each header begins with: no text protocol and no TLS record does. */
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const VERSION_1 = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20); // "PROXY "
const HEAD_SIZE = 16;
const [LOCAL, PROXY] = [0x20, 0x21];
const [STREAM, UNSPEC_TRANSPORT] = [1, 0];
const FAMILIES = { unspec: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;

/** Whether bytes are the beginning of a PROXY header of version 2, as far as they go. */
export function mayBeProxyHeader(bytes: Uint8Array): boolean {
  return startsAlike(bytes, SIGNATURE);
}

/** Whether bytes begin with what only a PROXY header of version 2 begins with. */
export function beginsProxyHeader(bytes: Uint8Array): boolean {
  return bytes.length >= SIGNATURE.length && startsAlike(bytes, SIGNATURE);
}

/** @throws ProtocolError `proxy-header-unexpected` when bytes begin like a header: this address is no proxy of ours */
export function refuseProxyHeader(bytes: Uint8Array): void {
  if (beginsProxyHeader(bytes)) throw new ProtocolError('proxy-header-unexpected' satisfies NetCloseReason);
}

/**
 * Reads a PROXY protocol header of version 2 (the HAProxy specification, §2.2): big-endian, the source first. Fields
 * behind the addresses are passed over. Call it again with more bytes when it is incomplete.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (!startsAlike(bytes, SIGNATURE)) {
    const isVersion1 = startsAlike(bytes, VERSION_1);
    if (isVersion1 && bytes.length < VERSION_1.length) return { kind: 'incomplete' };
    return { kind: 'refused', code: isVersion1 ? 'proxy-version-1' : 'proxy-header-missing' };
  }
  if (bytes.length < HEAD_SIZE) return { kind: 'incomplete' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = HEAD_SIZE + view.getUint16(14);
  if (size > MAX_PROXY_HEADER) return MALFORMED;
  if (bytes.length < size) return { kind: 'incomplete' };
  switch (view.getUint8(12)) {
    case LOCAL:
      return { kind: 'header', size, source: undefined };
    case PROXY:
      return withSource(view.getUint8(13), bytes.subarray(HEAD_SIZE, size), size);
    default:
      return MALFORMED;
  }
}

const MALFORMED: ProxyHeader = { kind: 'refused', code: 'proxy-header-malformed' };

function withSource(kind: number, addresses: Uint8Array, size: number): ProxyHeader {
  const transport = kind & 0xf;
  if (transport !== STREAM && transport !== UNSPEC_TRANSPORT) return MALFORMED;
  const ports = new DataView(addresses.buffer, addresses.byteOffset, addresses.length);
  switch (kind >> 4) {
    // Neither has an address that means anything here.
    case FAMILIES.unspec:
    case FAMILIES.unix:
      return { kind: 'header', size, source: undefined };
    case FAMILIES.ipv4:
      if (addresses.length < 12) return MALFORMED;
      return {
        kind: 'header',
        size,
        source: { address: addresses.subarray(0, 4).join('.'), port: ports.getUint16(8) },
      };
    case FAMILIES.ipv6:
      if (addresses.length < 36) return MALFORMED;
      return { kind: 'header', size, source: { address: ipv6(addresses), port: ports.getUint16(32) } };
    default:
      return MALFORMED;
  }
}

/** 16 bytes as text, in the form that operating systems give; IPv4 inside is unwrapped. */
function ipv6(bytes: Uint8Array): string {
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.subarray(12, 16).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Whether one begins with the other, as far as both go. */
function startsAlike(bytes: Uint8Array, pattern: Uint8Array): boolean {
  const length = Math.min(bytes.length, pattern.length);
  for (let i = 0; i < length; i += 1) if (bytes[i] !== pattern[i]) return false;
  return true;
}
