import { fromBase58Check, fromBech32, toBase58Check, toBech32 } from 'bitcoinjs-lib/src/address';
import { concatBytes } from './bytes.ts';
import { BitcoinError } from './error.ts';

/** The chains that sv2kit knows. */
export type Network = 'mainnet' | 'testnet' | 'testnet4' | 'signet' | 'regtest';

interface AddressForm {
  readonly hrp: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  readonly example: string;
}

const MAIN: AddressForm = {
  hrp: 'bc',
  pubKeyHash: 0x00,
  scriptHash: 0x05,
  example: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
};
const TEST: AddressForm = {
  hrp: 'tb',
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  example: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
};
const FORMS: Readonly<Record<Network, AddressForm>> = {
  mainnet: MAIN,
  testnet: TEST,
  testnet4: TEST,
  signet: TEST,
  regtest: { ...TEST, hrp: 'bcrt', example: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080' },
};

/**
 * The output script that pays an address.
 *
 * @throws {@link BitcoinError} `bad-address`, with an example of right for the network
 */
export function scriptFromAddress(address: string, network: Network): Uint8Array {
  const form = FORMS[network];
  const script = fromSegwit(address, network, form) ?? fromBase58(address, network, form);
  if (script === undefined) {
    throw badAddress(
      address,
      network,
      'it is neither a valid bech32 nor a valid base58 address (a character is wrong?)',
    );
  }
  return script;
}

/** The address of an output script, or undefined when it has none. */
export function addressFromScript(script: Uint8Array, network: Network): string | undefined {
  const { hrp, pubKeyHash, scriptHash } = FORMS[network];
  const witness = witnessProgram(script);
  if (witness !== undefined) return toBech32(witness.program, witness.version, hrp);
  if (isP2pkh(script)) return toBase58Check(script.slice(3, 23), pubKeyHash);
  if (isP2sh(script)) return toBase58Check(script.slice(2, 22), scriptHash);
  return undefined;
}

/** OP_DUP OP_HASH160 <hash> OP_EQUALVERIFY OP_CHECKSIG */
export function p2pkhScript(hash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x76, 0xa9, 0x14), hash, Uint8Array.of(0x88, 0xac));
}

/** OP_HASH160 <hash> OP_EQUAL */
export function p2shScript(hash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0xa9, 0x14), hash, Uint8Array.of(0x87));
}

/** OP_n <program> */
export function witnessScript(version: number, program: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(version === 0 ? 0 : 0x50 + version, program.length), program);
}

function fromSegwit(address: string, network: Network, form: AddressForm): Uint8Array | undefined {
  const decoded = attempt(() => fromBech32(address));
  if (decoded === undefined) return undefined;
  const { version, prefix, data } = decoded;
  if (prefix !== form.hrp) {
    throw badAddress(address, network, `its prefix is '${prefix}', ${network} uses '${form.hrp}'`);
  }
  const wrongLength = version === 0 ? data.length !== 20 && data.length !== 32 : data.length < 2 || data.length > 40;
  if (version > 16 || wrongLength) {
    throw badAddress(address, network, `no witness program has version ${version} and ${data.length} bytes`);
  }
  return witnessScript(version, data);
}

function fromBase58(address: string, network: Network, form: AddressForm): Uint8Array | undefined {
  const decoded = attempt(() => fromBase58Check(address));
  if (decoded === undefined) return undefined;
  if (decoded.version === form.pubKeyHash) return p2pkhScript(decoded.hash);
  if (decoded.version === form.scriptHash) return p2shScript(decoded.hash);
  throw badAddress(address, network, `its version byte ${decoded.version} belongs to another network`);
}

function witnessProgram(script: Uint8Array): { version: number; program: Uint8Array } | undefined {
  const [opcode = 0, length = 0] = script;
  if (opcode !== 0 && (opcode < 0x51 || opcode > 0x60)) return undefined;
  if (length < 2 || length > 40 || script.length !== length + 2) return undefined;
  if (opcode === 0 && length !== 20 && length !== 32) return undefined;
  return { version: opcode === 0 ? 0 : opcode - 0x50, program: script.slice(2) };
}

function isP2pkh(script: Uint8Array): boolean {
  const [a, b, c] = script;
  return script.length === 25 && a === 0x76 && b === 0xa9 && c === 0x14 && script[23] === 0x88 && script[24] === 0xac;
}

function isP2sh(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === 0xa9 && script[1] === 0x14 && script[22] === 0x87;
}

function badAddress(address: string, network: Network, problem: string): BitcoinError {
  const { example } = FORMS[network];
  const message = `'${address}' is no ${network} address: ${problem}; '${example}' would be one`;
  return new BitcoinError('bad-address', message, { address, network });
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
