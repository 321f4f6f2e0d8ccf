import type { Network } from '@sv2kit/bitcoin';
import { PAYOUT_MODES, type PayoutTerms } from '@sv2kit/payout';
import type { Row } from '../database/database.ts';
import type { PayoutTerms as PayoutTermsRecord } from '../records/records.ts';

const CHAINS: Readonly<Record<Network, true>> = {
  mainnet: true,
  testnet: true,
  testnet4: true,
  signet: true,
  regtest: true,
};
const MILLION = 1_000_000;
/** Multiples of the network's difficulty: more work than Bitcoin has seen. */
const WIDEST_WINDOW = 1_000_000;

/** Terms as the journal has them, or what is wrong with them. */
export function termsOf({ mode, feePpm, window, confirmations, poolScript, chain }: TermsFields): PayoutTerms | string {
  const knownMode = PAYOUT_MODES.find((each) => each === mode);
  if (knownMode === undefined) return `no pool pays by ${mode}`;
  if (!isChain(chain)) return `no chain is called ${chain}`;
  if (feePpm > MILLION) return `a fee of ${feePpm} millionths`;
  if (!(window >= 0 && window <= WIDEST_WINDOW)) return `a window of ${window}`;
  return { mode: knownMode, feePpm, window, confirmations, poolScript, chain };
}

type TermsFields = Pick<PayoutTermsRecord, 'feePpm' | 'window' | 'confirmations' | 'poolScript' | 'chain'> & {
  readonly mode: string;
};

/** A row of payout_terms; it was checked before it was put there. */
export function termsFromRow(row: Row): PayoutTerms {
  const terms = termsOf({
    mode: String(row['mode']),
    feePpm: Number(row['fee_ppm']),
    window: Number(row['window_size']),
    confirmations: Number(row['confirmations']),
    poolScript: row['pool_script'] as Uint8Array,
    chain: String(row['chain']),
  });
  if (typeof terms === 'string') throw new Error(`terms that cannot be: ${terms}`);
  return terms;
}

function isChain(text: string): text is Network {
  return Object.hasOwn(CHAINS, text);
}
