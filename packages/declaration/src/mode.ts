/** How much of a job the miner's side shows (§6.3): all of its transactions, or its coinbase alone. */
export type JobMode = 'full-template' | 'coinbase-only';
