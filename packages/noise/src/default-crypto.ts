import type { NoiseCrypto } from './crypto.ts';
import { nobleCrypto } from './noble-crypto.ts';

/** What every function uses unless told otherwise. */
export const defaultCrypto: NoiseCrypto = nobleCrypto;
