import { UsageError } from '@sv2kit/daemon';

/**
 * The transaction that a command is about.
 *
 * @throws UsageError
 */
export function readTxid(given: string | undefined): string {
  if (given === undefined) throw new UsageError('the TXID is missing');
  const txid = given.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(txid)) return txid;
  const length = /^[0-9a-f]+$/.test(txid) ? `: it has ${txid.length} digits` : '';
  throw new UsageError(`'${shortened(given)}' is not a txid, 64 hexadecimal digits as explorers show them${length}`);
}

/** The same bytes in the other order: how software shows a txid that explorers show back to front. */
export function backToFront(txid: string): string {
  return Buffer.from(txid, 'hex').reverse().toString('hex');
}

function shortened(text: string): string {
  return text.length > 70 ? `${text.slice(0, 70)}…` : text;
}
