/** What a client of the template provider did that ends its connection (thrown as `ProtocolError`). */
export const TEMPLATE_PROVIDER_ERRORS = {
  'too-many-constraints': 'CoinbaseOutputConstraints came faster than the limits `constraints…` allow.',
  'too-many-transaction-requests': 'RequestTransactionData came faster than the limits `transactionData…` allow.',
  'transaction-data-backlog':
    'More transaction data was asked for while the limit `transactionDataBacklog` waits unread.',
  'too-many-refused-solutions': 'Solutions that are no blocks came faster than the limits `refusedSolutions…` allow.',
} as const;
export type TemplateProviderErrorCode = keyof typeof TEMPLATE_PROVIDER_ERRORS;

/** Why the template provider ends connections by itself. */
export const TEMPLATE_PROVIDER_CLOSE_REASONS = {
  'node-away': 'No node has been there for templates.node_away_limit: clients shall use another template provider.',
} as const;
export type TemplateProviderCloseReason = keyof typeof TEMPLATE_PROVIDER_CLOSE_REASONS;
