export { open, seal, sealFrame } from './aead';
export { ASSOCIATED, INPUT, KEY, OUTPUT } from './memory';
export { hkdf, sha256 } from './sha256';
