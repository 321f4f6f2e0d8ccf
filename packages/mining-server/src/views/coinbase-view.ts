import { addressFromScript, BitcoinError, heightOf, type Network, parseTransaction } from '@sv2kit/bitcoin';
import type { CoinbaseOutputView, JobDetail } from '@sv2kit/monitor';

/** A coinbase without its witness, in two parts, and what goes between them. */
export interface JobCoinbase {
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
  /** In bytes. */
  readonly extranonceSize: number;
}

/** Text in a script that is worth reading: shorter runs are chance. */
const READABLE = /[\x20-\x7e]{4,}/g;

/** What a coinbase pays; undefined where it cannot be read. @param chain for the addresses; without it there are none */
export function coinbaseOutputs(parts: JobCoinbase, chain: Network | undefined): CoinbaseOutputView[] | undefined {
  return parsed(parts)?.outputs.map(({ value, script }) => outputView(value, script, chain));
}

export function outputView(value: bigint, script: Uint8Array, chain: Network | undefined): CoinbaseOutputView {
  const address = chain === undefined ? undefined : addressFromScript(script, chain);
  return { value: Number(value), script: hexOf(script), ...(address !== undefined && { address }) };
}

/** The two parts, and what can be read in the script between the height and the extranonce. */
export function coinbaseView(parts: JobCoinbase): NonNullable<JobDetail['coinbase']> {
  const script = parsed(parts)?.inputs[0]?.scriptSig;
  const tag = script === undefined ? '' : readable(script);
  return { prefix: hexOf(parts.prefix), suffix: hexOf(parts.suffix), ...(tag !== '' && { tag }) };
}

/** What its script says of the height (BIP34); undefined where that cannot be read. */
export function coinbaseHeight(parts: JobCoinbase): number | undefined {
  const script = parsed(parts)?.inputs[0]?.scriptSig;
  try {
    return script === undefined ? undefined : heightOf(script);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

function parsed({ prefix, suffix, extranonceSize }: JobCoinbase): ReturnType<typeof parseTransaction> | undefined {
  try {
    return parseTransaction(Buffer.concat([prefix, new Uint8Array(extranonceSize), suffix]));
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

function readable(script: Uint8Array): string {
  const text = Buffer.from(script).toString('latin1').match(READABLE);
  return (text ?? []).join(' ').trim();
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
