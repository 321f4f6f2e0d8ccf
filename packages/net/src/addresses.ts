import { BlockList } from 'node:net';

/** Strict: "10.0.0.0/" must not pass for "/0", which is everybody. */
const ENTRY = /^([^/]*)(?:\/(\d+))?$/;

/** Addresses and subnets, "10.0.0.1" or "2001:db8::/32". */
export class AddressRanges {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @throws when an entry is neither */
  constructor(entries: readonly string[]) {
    this.isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [, address = '', prefix] = ENTRY.exec(entry) ?? [];
      if (prefix === undefined) this.#list.addAddress(address, family(address));
      else this.#list.addSubnet(address, Number(prefix), family(address));
    }
  }

  /** Whether an address is among them. */
  has(address: string): boolean {
    return !this.isEmpty && this.#list.check(withoutZone(address), family(address));
  }
}

/** An IPv4 address as it is, IPv4 inside IPv6 unwrapped. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** What counts as one address: an IPv4 address, or an IPv6 /64, which is what one customer is given. */
export function addressGroup(address: string): string {
  if (isIpv4(address)) return address;
  const [head = '', tail] = (address.split('%')[0] as string).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4).join(':');
}

function isIpv4(address: string): boolean {
  return !address.includes(':');
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIpv4(address) ? 'ipv4' : 'ipv6';
}

/** "fe80::1%eth0" without the interface. */
function withoutZone(address: string): string {
  return address.split('%')[0] as string;
}
