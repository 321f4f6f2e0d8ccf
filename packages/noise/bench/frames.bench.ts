import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fastCrypto, type NoiseCrypto, nobleCrypto, Opener, Sealer } from '@sv2kit/noise';

const key = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

/** Four AEAD operations for a payload that fits one block: header and payload, sealed and opened. */
function roundTrip(crypto: NoiseCrypto, payloadLength: number): () => void {
  const sealer = new Sealer(key, crypto);
  const opener = new Opener(key, crypto);
  const frame = new Uint8Array(6 + payloadLength).fill(7);
  const wire = new Uint8Array(sealer.sealedSize(payloadLength));
  return () => {
    sealer.sealInto(frame, wire, 0);
    opener.openHeader(wire, 0);
    opener.openPayload(wire, 22, payloadLength);
  };
}

function nodeSeal(nonce: Uint8Array, plaintext: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
}

function nodeOpen(nonce: Uint8Array, sealed: Uint8Array): Uint8Array[] {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return [decipher.update(sealed.subarray(0, -16)), decipher.final()];
}

/** The same four operations through node:crypto, for payloads of one block. */
function nodeRoundTrip(payloadLength: number): () => void {
  const header = new Uint8Array(6).fill(7);
  const payload = new Uint8Array(payloadLength).fill(7);
  const nonce = new Uint8Array(12);
  return () => {
    for (const part of [header, payload]) nodeOpen(nonce, Buffer.concat(nodeSeal(nonce, part)));
  };
}

/** What to measure: name -> one iteration. Run by `npm run bench -- noise`. */
export const suite: Record<string, () => void> = {};
for (const length of [64, 1_024, 4_096]) {
  suite[`seal and open a frame of ${length} bytes`] = roundTrip(fastCrypto, length);
  suite[`seal and open a frame of ${length} bytes, noble`] = roundTrip(nobleCrypto, length);
  suite[`seal and open a frame of ${length} bytes, node:crypto`] = nodeRoundTrip(length);
}
for (const [name, crypto] of [
  ['', fastCrypto],
  [', noble', nobleCrypto],
] as const) {
  const frame = new Uint8Array(6 + 1_048_576);
  const sealer = new Sealer(key, crypto);
  const wire = new Uint8Array(sealer.sealedSize(1_048_576));
  suite[`seal a frame of 1 MiB${name}`] = () => void sealer.sealInto(frame, wire, 0);
}
