/** What a header of the PROXY protocol, version 2, is made of. */
export interface HeaderParts {
  /** Version in the upper half, command in the lower. */
  readonly command?: number;
  /** Address family in the upper half, transport in the lower. */
  readonly kind?: number;
  readonly addresses?: readonly number[];
  /** Type, length and value fields behind the addresses. */
  readonly more?: readonly number[];
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

/** A header as a proxy writes it. */
export function header({ command = 0x21, kind = 0x11, addresses = [], more = [] }: HeaderParts): Uint8Array {
  const length = addresses.length + more.length;
  return Uint8Array.of(...SIGNATURE, command, kind, length >> 8, length & 0xff, ...addresses, ...more);
}

const port = (number: number) => [number >> 8, number & 0xff];
const ipv4 = (address: string) => address.split('.').map(Number);

/** "TCP over IPv4 from here to there". */
export function fromIpv4(address: string, sourcePort = 4_000): Uint8Array {
  return header({ addresses: [...ipv4(address), 10, 0, 0, 9, ...port(sourcePort), ...port(3_333)] });
}

/** The same over IPv6, of an address's eight groups. */
export function fromIpv6(groups: readonly number[], sourcePort = 4_000): Uint8Array {
  const addresses = [...groups.flatMap(port), ...Array<number>(16).fill(0), ...port(sourcePort), ...port(3_333)];
  return header({ kind: 0x21, addresses });
}
