import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type Network, p2pkhScript, p2shScript, scriptFromAddress, witnessScript } from './address.ts';
import { descriptorChecksum } from './descriptor-checksum.ts';
import { BitcoinError } from './error.ts';

const EXAMPLE = 'addr(bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4)';
const KEY_EXAMPLE = 'wpkh(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)';
const NOT_ON_CURVE = 'its key is not a point of the curve';
const FORMS = 'addr(), pkh(), wpkh(), sh(wpkh()), tr(), raw()';

/**
 * The output script that a descriptor (BIP380 to 386) stands for: `addr(ADDRESS)`, `raw(HEX)`, and `pkh(KEY)`,
 * `wpkh(KEY)`, `sh(wpkh(KEY))`, `tr(KEY)` with hex public keys, key origin allowed. A `#checksum` is verified.
 *
 * @throws {@link BitcoinError} `bad-descriptor` or, inside `addr()`, `bad-address`; the message has an example of right
 */
export function scriptFromDescriptor(descriptor: string, network: Network): Uint8Array {
  const body = withoutChecksum(descriptor);
  const [, name = '', argument = ''] = /^([a-z]+)\((.*)\)$/.exec(body) ?? [];
  switch (name) {
    case 'addr':
      return scriptFromAddress(argument, network);
    case 'raw':
      return hexArgument(descriptor, argument);
    case 'pkh':
      return p2pkhScript(hash160(publicKey(descriptor, argument)));
    case 'wpkh':
      return keyHashProgram(descriptor, argument);
    case 'sh':
      return p2shScript(hash160(redeemScript(descriptor, argument)));
    case 'tr':
      return witnessScript(1, taprootOutputKey(descriptor, argument));
    default:
      throw bad(descriptor, `its form is none of ${FORMS}`);
  }
}

function withoutChecksum(descriptor: string): string {
  const hash = descriptor.lastIndexOf('#');
  const body = hash < 0 ? descriptor : descriptor.slice(0, hash);
  const checksum = descriptorChecksum(body);
  if (checksum === undefined) throw bad(descriptor, 'it has a character that no descriptor has');
  if (hash >= 0 && descriptor.slice(hash + 1) !== checksum) {
    throw bad(descriptor, `its checksum is wrong: '${body}#${checksum}' would be consistent`);
  }
  return body;
}

function redeemScript(descriptor: string, argument: string): Uint8Array {
  const [, key] = /^wpkh\((.*)\)$/.exec(argument) ?? [];
  if (key === undefined) throw bad(descriptor, 'inside sh() only wpkh(KEY) is supported');
  return keyHashProgram(descriptor, key);
}

function keyHashProgram(descriptor: string, argument: string): Uint8Array {
  const key = publicKey(descriptor, argument);
  if (key.length !== 33) throw bad(descriptor, 'wpkh() takes a compressed key: 33 bytes, starting with 02 or 03');
  return witnessScript(0, hash160(key));
}

function publicKey(descriptor: string, argument: string): Uint8Array {
  const key = keyBytes(descriptor, argument);
  if (!secp256k1.utils.isValidPublicKey(key)) throw bad(descriptor, NOT_ON_CURVE);
  return key;
}

/** BIP386: the internal key tweaked with an empty script tree (BIP341). */
function taprootOutputKey(descriptor: string, argument: string): Uint8Array {
  if (argument.includes(',')) throw bad(descriptor, 'script trees in tr() are not supported');
  const key = keyBytes(descriptor, argument);
  if (key.length === 33 && !secp256k1.utils.isValidPublicKey(key)) throw bad(descriptor, NOT_ON_CURVE);
  const xOnly = key.length === 33 ? key.slice(1) : key;
  if (xOnly.length !== 32) throw bad(descriptor, 'tr() takes a key of 32 or 33 bytes');
  const { lift_x, pointToBytes, taggedHash } = schnorr.utils;
  try {
    const internal = lift_x(toBigint(xOnly));
    const tweak = toBigint(taggedHash('TapTweak', xOnly));
    return pointToBytes(internal.add(secp256k1.Point.BASE.multiply(tweak)));
  } catch (cause) {
    throw bad(descriptor, NOT_ON_CURVE, cause);
  }
}

/** The key's bytes without its `[fingerprint/path]` origin. */
function keyBytes(descriptor: string, argument: string): Uint8Array {
  const key = argument.replace(/^\[[0-9a-f]{8}(\/\d+['hH]?)*\]/, '');
  if (/^[a-z]pub|^[a-z]prv/.test(key)) {
    throw bad(descriptor, 'extended keys (xpub) are not supported: give addr(ADDRESS) or the hex public key');
  }
  if (!/^[0-9a-fA-F]+$/.test(key)) throw bad(descriptor, 'its key is not a public key in hex');
  return hexArgument(descriptor, key);
}

function hexArgument(descriptor: string, hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(hex))
    throw bad(descriptor, 'it needs an even number of hex digits');
  return hexToBytes(hex);
}

function hash160(data: Uint8Array): Uint8Array {
  return ripemd160(sha256(data));
}

function toBigint(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}

function bad(descriptor: string, problem: string, cause?: unknown): BitcoinError {
  const message = `'${descriptor}' is no usable output descriptor: ${problem}; right would be '${EXAMPLE}' or '${KEY_EXAMPLE}'`;
  return new BitcoinError('bad-descriptor', message, { descriptor }, { cause });
}
