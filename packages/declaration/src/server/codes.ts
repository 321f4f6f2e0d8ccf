/** `DeclareMiningJob.Error` (§6.4.6): one code per cause. */
export const DECLARE_ERRORS = {
  'invalid-mining-job-token':
    'The token is unknown, was made for another connection, was used before, has expired, or is forged.',
  'invalid-coinbase-tx':
    'The halves are no transaction, its scriptSig is longer than 100 bytes, or its outputs are over 16 KiB.',
  'invalid-coinbase-tx-input': 'The coinbase has other inputs than the one that spends nothing.',
  'invalid-coinbase-prefix':
    "The scriptSig does not start with a height (BIP34), or does not end in the extranonce's own push opcode.",
  'missing-pool-payout': 'The pool payout output is not among the outputs, or has no value (§6.4.3).',
  'missing-pool-outputs': 'Another output that the pool allocated is missing, or has a value (§6.4.3).',
  'pool-payout-too-low': "The pool payout output has less than the pool's least share of subsidy and fees.",
  'duplicate-transaction': 'A transaction is declared twice; the details name its position.',
  'too-many-transactions': 'More transactions are declared than a block can hold.',
  'missing-txs': 'Transactions that were asked for were not provided, or not in time.',
  'wrong-transaction': 'What was provided is not what the wtxid says; the details name its position.',
  'invalid-job': 'The node would not accept the block; the details are its reason (BIP22).',
  'stale-chain-tip': "The job is for a height that the node's chain has, or the tip changed while it was judged.",
  'unknown-chain-tip': "The job is for a height that the node's chain has not reached, and did not within seconds.",
  'too-many-declarations': 'The connection, or all of them together, has too many declarations at a time.',
  'declare-not-negotiated': 'The connection was set up without DECLARE_TX_DATA (§6.4.1).',
  'node-unavailable': 'The node cannot be asked, and could not within seconds.',
  'internal-error': 'The server made a mistake.',
} as const;
export type DeclareErrorCode = keyof typeof DECLARE_ERRORS;

/** What a client did that ends its connection (thrown as `ProtocolError`). */
export const DECLARATION_VIOLATIONS = {
  'too-many-token-requests': 'More AllocateMiningJobToken than the limit `waitingTokenRequests` allows to wait.',
  'declaration-flood':
    'DeclareMiningJob went on after it was refused as `too-many-declarations` or `declare-not-negotiated` (limits `flood…`).',
  'unasked-transactions':
    'ProvideMissingTransactions.Success came again and again without a question for it (limits `flood…`).',
  'duplicate-request-id': 'A DeclareMiningJob has the request_id of another one that is not answered yet.',
  'too-many-solutions': 'PushSolution that solve nothing came faster than the limits `uselessSolutions…` allow.',
} as const;
export type DeclarationViolation = keyof typeof DECLARATION_VIOLATIONS;
