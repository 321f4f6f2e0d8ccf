/** What a template client did that ends its connection (thrown as `ProtocolError`). */
export const TEMPLATE_CLIENT_ERRORS = {
  'coinbase-space-too-large':
    'The coinbase outputs announced in CoinbaseOutputConstraints leave no valid block (§7.1).',
} as const;
export type TemplateClientErrorCode = keyof typeof TEMPLATE_CLIENT_ERRORS;

/** What a template provider did that ends its connection (thrown as `ProtocolError`). */
export const TEMPLATE_SERVER_ERRORS = {
  'coinbase-prefix-too-long': 'NewTemplate.coinbase_prefix holds more than 8 bytes (§7.2).',
} as const;
export type TemplateServerErrorCode = keyof typeof TEMPLATE_SERVER_ERRORS;

/** Codes of RequestTransactionData.Error (§7.6), as deployed implementations spell them. */
export const TRANSACTION_DATA_ERRORS = {
  'template-id-not-found': 'This server never gave out that template id.',
  'stale-template-id': 'The template builds on an older tip, and its grace is over.',
} as const;
export type TransactionDataErrorCode = keyof typeof TRANSACTION_DATA_ERRORS;

/** Why a SubmitSolution yields no block. The protocol has no answer for it (§7.7): the host logs and counts. */
export const SOLUTION_REFUSALS = {
  'template-id-not-found': 'This server never gave out that template id, or has forgotten it with its tip.',
  'template-not-activated': 'A future template that no SetNewPrevHash has named: there is no tip to build on.',
  'malformed-coinbase': 'The coinbase transaction cannot be parsed, hence no merkle root.',
  'insufficient-work': "The header's hash is above the target that nbits stands for: no node would take it.",
} as const;
export type SolutionRefusalCode = keyof typeof SOLUTION_REFUSALS;
