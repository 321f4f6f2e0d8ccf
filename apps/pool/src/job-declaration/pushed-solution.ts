import { decodeHeader } from '@sv2kit/bitcoin';
import type { Solution as PushedSolution } from '@sv2kit/declaration';
import type { Solution } from '@sv2kit/mining';

/** A block on a declared job as its job declarator server hears of it (§6.4.9): there is no merkle root in it. */
export function pushedSolution({ header, extranonce }: Solution): PushedSolution {
  const { prevHash, nonce, ntime, nbits, version } = decodeHeader(header);
  return { extranonce, prevHash, nonce, ntime, nbits, version };
}
