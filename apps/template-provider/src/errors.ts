/** What a client of the template provider did that ends its connection (thrown as `ProtocolError`). */
export const TEMPLATE_PROVIDER_ERRORS = {
  'too-many-constraints':
    'CoinbaseOutputConstraints came faster than limits.constraints_per_minute, or …_per_address, allows.',
  'too-many-transaction-requests':
    'RequestTransactionData came faster than limits.transaction_data_per_minute, or …_per_address, allows.',
  'too-many-refused-solutions':
    'Solutions that are no blocks, or the same one again, came faster than limits.refused_solutions_per_minute, or …_per_address, allows.',
} as const;
export type TemplateProviderErrorCode = keyof typeof TEMPLATE_PROVIDER_ERRORS;

/** Why the template provider ends connections by itself. */
export const TEMPLATE_PROVIDER_CLOSE_REASONS = {
  'node-away': 'No node has been there for templates.node_away_limit: clients shall use another template provider.',
  'node-refused':
    'The node is on another chain, or far behind ([chain_guard]), and no other is there: clients shall use another template provider.',
} as const;
export type TemplateProviderCloseReason = keyof typeof TEMPLATE_PROVIDER_CLOSE_REASONS;
