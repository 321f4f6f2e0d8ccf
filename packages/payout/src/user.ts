import { addressFromScript, BitcoinError, type Network, scriptFromAddress } from '@sv2kit/bitcoin';
import { POOL_ACCOUNT } from './types.ts';

/** Whom a channel's user_identity names. */
export type User =
  /** An address: it can be paid in a coinbase. */
  | (Named & { readonly kind: 'address'; readonly script: Uint8Array })
  /** A name that only the pool's books know. */
  | (Named & { readonly kind: 'name' })
  /** Everything is for the pool. */
  | (Named & { readonly kind: 'donor' })
  /** `invalid-user-identity` */
  | { readonly kind: 'malformed'; readonly reason: string };

interface Named {
  /** An address as its script spells it, so that one address is one account; {@link POOL_ACCOUNT} of a donor. */
  readonly account: string;
  /** Behind the account; empty where there is none. */
  readonly worker: string;
  /** Per cent that go to the pool on top of its fee. */
  readonly donation: number;
}

/**
 * Reads a user_identity (§5.3.2): `user` or `user.worker`, where the user may be an address of the chain, and the forms
 * of the reference implementation: `sri/solo/<address>/<worker>`, `sri/donate/<1-99>/<address>/<worker>` and
 * `sri/donate[/<worker>]`.
 */
export function parseUser(identity: string, chain: Network): User {
  if (identity === 'sri' || identity.startsWith('sri/')) return parseSri(identity.split('/').slice(1), chain);
  const dot = identity.indexOf('.');
  const user = dot < 0 ? identity : identity.slice(0, dot);
  const worker = dot < 0 ? '' : identity.slice(dot + 1);
  if (user === POOL_ACCOUNT) return { kind: 'donor', account: POOL_ACCOUNT, worker, donation: 0 };
  const address = addressUser(user, worker, 0, chain);
  return address.kind === 'malformed' ? { kind: 'name', account: user, worker, donation: 0 } : address;
}

/** The account that work on a channel counts for. Of a malformed identity, the pool's. */
export function accountOf(identity: string, chain: Network): Pick<Named, 'account' | 'donation'> {
  const user = parseUser(identity, chain);
  if (user.kind === 'malformed') return { account: POOL_ACCOUNT, donation: 0 };
  return { account: user.account, donation: user.donation };
}

/** The script that an account is paid with, or undefined when it is no address of the chain. */
export function scriptOfAccount(account: string, chain: Network): Uint8Array | undefined {
  try {
    return scriptFromAddress(account, chain);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

function parseSri([mode, ...rest]: readonly string[], chain: Network): User {
  if (mode === 'solo' && (rest.length === 1 || rest.length === 2)) {
    const [address = '', worker = ''] = rest;
    return addressUser(address, worker, 0, chain);
  }
  if (mode === 'donate' && rest.length <= 1) {
    const [worker = ''] = rest;
    // Somebody left the address out; giving everything away is not what was meant.
    if (/^\d+$/.test(worker)) return malformed('sri/donate with a percentage needs an address behind it');
    return { kind: 'donor', account: POOL_ACCOUNT, worker, donation: 0 };
  }
  if (mode === 'donate' && (rest.length === 2 || rest.length === 3)) {
    const [percent = '', address = '', worker = ''] = rest;
    if (!/^[1-9]\d?$/.test(percent)) return malformed('the part donated is a whole percentage from 1 to 99');
    return addressUser(address, worker, Number(percent), chain);
  }
  return malformed('neither sri/solo/<address>/<worker> nor sri/donate[/<1-99>/<address>][/<worker>]');
}

function addressUser(text: string, worker: string, donation: number, chain: Network): User {
  const script = scriptOfAccount(text, chain);
  if (script === undefined) return malformed(`no address of ${chain}`);
  return { kind: 'address', account: addressFromScript(script, chain) ?? text, script, worker, donation };
}

function malformed(reason: string): User {
  return { kind: 'malformed', reason };
}
