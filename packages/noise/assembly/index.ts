export { open, seal, sealFrame } from './aead';
export { decodeEllSwift, invertEllSwift } from './ellswift';
export { multiplyPoint } from './ladder';
export { ASSOCIATED, INPUT, KEY, OUTPUT } from './memory';
export { hkdf, sha256 } from './sha256';
