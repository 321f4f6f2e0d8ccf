/** What templates are asked to keep free for a coinbase: the node's own default. These are looked at, not mined on. */
export const RESERVE = { reservedWeight: 8_000, sigops: 400 } as const;
