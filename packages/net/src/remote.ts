import type { Socket } from 'node:net';
import { plainAddress } from './addresses.ts';

/** Where a peer is. */
export interface Remote {
  /** An IPv4 or IPv6 address; IPv4 inside IPv6 is unwrapped. */
  readonly address: string;
  readonly port: number;
}

/** What the operating system says of the other end. */
export function remoteOf({ remoteAddress = '', remotePort = 0 }: Socket): Remote {
  return { address: plainAddress(remoteAddress), port: remotePort };
}
