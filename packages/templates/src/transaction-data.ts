import type { RequestTransactionDataError, RequestTransactionDataSuccess } from '@sv2kit/codec';
import type { TemplateContent } from './content.ts';
import type { TransactionDataErrorCode } from './errors.ts';
import type { TemplateBook } from './template-book.ts';

const NO_EXCESS_DATA = new Uint8Array(0);

/** There will be an answer when the transactions of this content are here. */
export interface PendingContent {
  readonly kind: 'pending';
  readonly content: TemplateContent;
}

/**
 * The answer to RequestTransactionData (§7.4): the template's transactions in block order, as opaque blobs. Nothing
 * more is needed to validate them, so the excess data is empty: the witness commitment travels in the coinbase.
 *
 * @param graceMs how long a template of an older tip is answered for
 */
export function transactionData(
  book: TemplateBook,
  templateId: bigint,
  nowMs: number,
  graceMs: number,
): RequestTransactionDataSuccess | RequestTransactionDataError | PendingContent {
  const found = book.find(templateId);
  switch (found.kind) {
    case 'unknown':
      return refusal(templateId, 'template-id-not-found');
    case 'forgotten':
      return refusal(templateId, 'stale-template-id');
    case 'stale':
      if (nowMs - found.staleSinceMs > graceMs) return refusal(templateId, 'stale-template-id');
      break;
    case 'current':
      break;
    default:
      found satisfies never;
  }
  const { content } = found.record;
  const transactionList = content.transactions?.map(({ data }) => data);
  if (transactionList === undefined) return { kind: 'pending', content };
  return { type: 'RequestTransactionDataSuccess', templateId, excessData: NO_EXCESS_DATA, transactionList };
}

function refusal(templateId: bigint, errorCode: TransactionDataErrorCode): RequestTransactionDataError {
  return { type: 'RequestTransactionDataError', templateId, errorCode };
}
