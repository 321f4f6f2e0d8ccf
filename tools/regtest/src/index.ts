/** bitcoind, every role and scenarios between them; a decrypting man in the middle for what may go wrong on the way. */
export { ManInTheMiddle, type MiddleOptions, type Relayed, type Rule, type Side, type Verdict } from './man-in-the-middle.ts';
