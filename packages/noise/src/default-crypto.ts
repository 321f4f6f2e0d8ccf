import type { NoiseCrypto } from './crypto.ts';
import { fastCrypto } from './fast-crypto.ts';

/** What every function uses unless told otherwise. */
export const defaultCrypto: NoiseCrypto = fastCrypto;
