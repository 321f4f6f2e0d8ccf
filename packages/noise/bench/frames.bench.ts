import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fastCrypto, type NoiseCrypto, nobleCrypto, Opener, Sealer } from '@sv2kit/noise';
import { test } from 'vitest';

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

test.for([64, 1_024, 4_096])('seal and open a frame with a payload of %i bytes', async (length, { bench }) => {
  const fast = roundTrip(fastCrypto, length);
  const noble = roundTrip(nobleCrypto, length);
  const node = nodeRoundTrip(length);
  await bench.compare(bench('fast', fast), bench('noble', noble), bench('node:crypto', node));
});

test('seal a frame with a payload of 1 MiB', async ({ bench }) => {
  const frame = new Uint8Array(6 + 1_048_576);
  const wire = new Uint8Array(new Sealer(key).sealedSize(1_048_576));
  const fast = new Sealer(key, fastCrypto);
  const noble = new Sealer(key, nobleCrypto);
  await bench.compare(
    bench('fast', () => {
      fast.sealInto(frame, wire, 0);
    }),
    bench('noble', () => {
      noble.sealInto(frame, wire, 0);
    }),
  );
});
