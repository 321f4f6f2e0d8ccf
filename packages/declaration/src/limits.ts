/** What declarations may cost. Times in milliseconds, sizes in bytes. */
export const DECLARATION_LIMITS = {
  /** Uses of tokens that a pool remembers, so that none is used twice on a channel; the oldest are forgotten beyond it. */
  usedTokens: 65_536,
} as const;
