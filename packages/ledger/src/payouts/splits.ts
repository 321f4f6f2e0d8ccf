/** Splits that are kept beside those that blocks were accounted for by: no job lives for longer than these are made in. */
export const KEPT_SPLITS = 256;
