import { payments, script as scripts, Transaction } from 'bitcoinjs-lib';
import { pointFromScalar, sign, signSchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1';

/** What most outputs of today's blocks are. */
export type OutputKind = 'p2wpkh' | 'p2tr' | 'p2pkh';

/** An output that the signer can spend. */
export interface OwnedCoin {
  readonly kind: OutputKind;
  /** Internal byte order. */
  readonly txid: Uint8Array;
  readonly index: number;
  /** Satoshis. */
  readonly value: bigint;
}

/** A key for scenarios; whoever reads this may spend its coins. */
const SECRET = new Uint8Array(32).fill(0x5e);
/** No relative lock; asks for replaceability, as most wallets do. */
const SEQUENCE = 0xffff_fffd;
const { SIGHASH_ALL, SIGHASH_DEFAULT } = Transaction;

const publicKey = pointFromScalar(SECRET, true) as Uint8Array;
const p2pkhScript = payments.p2pkh({ pubkey: publicKey }).output as Uint8Array;

/** The script of each kind that the one key of all scenarios may spend. */
export const OWN_SCRIPTS: Readonly<Record<OutputKind, Uint8Array>> = {
  p2wpkh: payments.p2wpkh({ pubkey: publicKey }).output as Uint8Array,
  // The key itself is the output key: there is no script to commit to.
  p2tr: Uint8Array.of(0x51, 0x20, ...xOnlyPointFromScalar(SECRET)),
  p2pkh: p2pkhScript,
};

/** A transaction with real signatures: consensus and policy of every node accept it. */
export function signedTransaction(
  inputs: readonly OwnedCoin[],
  outputs: readonly { readonly kind: OutputKind; readonly value: bigint }[],
): Transaction {
  const transaction = new Transaction();
  transaction.version = 2;
  for (const { txid, index } of inputs) transaction.addInput(txid, index, SEQUENCE);
  for (const { kind, value } of outputs) transaction.addOutput(OWN_SCRIPTS[kind], value);
  for (const [index] of inputs.entries()) signInput(transaction, inputs, index);
  return transaction;
}

function signInput(transaction: Transaction, inputs: readonly OwnedCoin[], index: number): void {
  const { kind, value } = inputs[index] as OwnedCoin;
  switch (kind) {
    case 'p2wpkh': {
      const hash = transaction.hashForWitnessV0(index, p2pkhScript, value, SIGHASH_ALL);
      return transaction.setWitness(index, [ecdsa(hash), publicKey]);
    }
    case 'p2tr': {
      const spent = inputs.map((each) => OWN_SCRIPTS[each.kind]);
      const values = inputs.map((each) => each.value);
      const hash = transaction.hashForWitnessV1(index, spent, values, SIGHASH_DEFAULT);
      return transaction.setWitness(index, [signSchnorr(hash, SECRET)]);
    }
    case 'p2pkh': {
      const hash = transaction.hashForSignature(index, p2pkhScript, SIGHASH_ALL);
      return transaction.setInputScript(index, scripts.compile([ecdsa(hash), publicKey]));
    }
    default:
      return kind satisfies never;
  }
}

const ecdsa = (hash: Uint8Array): Uint8Array => scripts.signature.encode(sign(hash, SECRET), SIGHASH_ALL);
