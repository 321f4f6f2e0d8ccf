import { isIPv6 } from 'node:net';
import { fourWithin, groupsOf } from './ipv6.ts';

/**
 * How much of an address is told: `short` keeps a network (203.0.113.x, 2001:db8:1::x) and the two ends of a payout
 * address (bc1qar…5mdq); `hidden` says only that there was one.
 */
export const ADDRESS_RULES = ['short', 'full', 'hidden'] as const;
export type AddressRule = (typeof ADDRESS_RULES)[number];

const V4 = String.raw`(?:\d{1,3}\.){3}\d{1,3}`;
/** Addresses anywhere in a text, inside user identities and error messages too; what only looks like one is told below. */
const ADDRESS = new RegExp(
  [
    String.raw`(?<![\w:])(?<six>(?:[0-9a-fA-F]{0,4}:){2,7}(?:${V4}|[0-9a-fA-F]{0,4}))(?![0-9A-Za-z])`,
    String.raw`(?<![0-9A-Za-z.])(?<four>${V4})(?![0-9A-Za-z])`,
    '(?<![0-9A-Za-z])(?<segwit>(?:bc|tb|bcrt)1[ac-hj-np-z02-9]{11,87}|(?:BC|TB|BCRT)1[AC-HJ-NP-Z02-9]{11,87})(?![0-9A-Za-z])',
    '(?<![0-9A-Za-z])(?<base58>[123mn][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])',
  ].join('|'),
  'g',
);
/** A payout address has 26 characters and an IP address two dots or colons: most texts have neither. */
const SUSPECT = /[.:][0-9A-Fa-f]*[.:]|[1-9A-HJ-NP-Za-km-z]{26}|[02-9a-z]{14}|[02-9A-Z]{14}/;

/**
 * Text with the public IP addresses and the payout addresses in it told as the rule says. Loopback, private,
 * link-local and shared (100.64.0.0/10) networks are nobody's secret and stay.
 */
export function redactAddresses(text: string, rule: AddressRule = 'short'): string {
  if (rule === 'full' || !SUSPECT.test(text)) return text;
  return text.replace(ADDRESS, (...found) => {
    const groups = found.at(-1) as Readonly<Record<string, string | undefined>>;
    const { six, four, segwit, base58 } = groups;
    if (six !== undefined) return sixTold(six, rule);
    if (four !== undefined) return fourTold(four, rule);
    if (segwit !== undefined) return payoutTold(segwit, rule);
    return base58 !== undefined && isMixed(base58) ? payoutTold(base58, rule) : (base58 ?? '');
  });
}

function fourTold(address: string, rule: AddressRule): string {
  const parts = address.split('.').map(Number);
  if (parts.some((part) => part > 255) || isHomely(parts)) return address;
  return rule === 'hidden' ? '[ip]' : `${parts.slice(0, 3).join('.')}.x`;
}

/** Whether these four bytes are of a network of one's own, or of none. */
function isHomely([a = 0, b = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  return a === 192 && b === 168;
}

/** `found` may have a colon behind it that belongs to the sentence. */
function sixTold(found: string, rule: AddressRule): string {
  const address = !isIPv6(found) && found.endsWith(':') ? found.slice(0, -1) : found;
  if (!isIPv6(address)) return found;
  const rest = found.slice(address.length);
  const groups = groupsOf(address);
  const four = fourWithin(groups);
  if (four !== undefined) {
    const told = fourTold(four, rule);
    return told === four ? found : `::ffff:${told}${rest}`;
  }
  const [first = 0] = groups;
  // :: and ::1; fc00::/7, fe80::/10, ff00::/8
  const isLocal = groups.slice(0, 7).every((group) => group === 0);
  if (isLocal || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || first >= 0xff00) return found;
  if (rule === 'hidden') return `[ip]${rest}`;
  const network = groups.slice(0, 3).map((group) => group.toString(16));
  return `${network.join(':').replace(/(?::0)+$/, '')}::x${rest}`;
}

/** A word of program text is seldom of both cases and digits at once; a base58 address nearly always is. */
function isMixed(word: string): boolean {
  return /[A-Z]/.test(word) && /[a-z]/.test(word) && /[0-9].*[0-9]/.test(word);
}

function payoutTold(address: string, rule: AddressRule): string {
  return rule === 'hidden' ? '[payout address]' : `${address.slice(0, 6)}…${address.slice(-4)}`;
}
