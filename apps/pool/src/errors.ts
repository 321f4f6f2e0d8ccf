/** What a template provider did that ends the connection to it (thrown as `ProtocolError`). */
export const POOL_ERRORS = {
  'unusable-template': 'No coinbase can be made of the template, or its nbits are none; details say why.',
} as const;
export type PoolErrorCode = keyof typeof POOL_ERRORS;

/** Why the pool gives up a template provider that is there, for the next one. */
export const POOL_GIVE_UP_REASONS = {
  'no-fresh-template': 'It gave nothing to mine, or only an older height than is mined already, for too long.',
} as const;
