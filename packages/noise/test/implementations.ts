import { fastCrypto, nobleCrypto } from '@sv2kit/noise';

/** Every implementation behind the seam; suites run once for each. */
export const implementations = [nobleCrypto, fastCrypto];
