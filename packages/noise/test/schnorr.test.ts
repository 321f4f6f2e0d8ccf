import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from './hex.ts';
import { implementations } from './implementations.ts';
import { schnorrVectors } from './vectors/schnorr.ts';

const signing = schnorrVectors.flatMap(({ name, secret, publicKey, auxRand, message, signature }) =>
  secret === undefined || auxRand === undefined ? [] : [{ name, secret, publicKey, auxRand, message, signature }],
);

describe.each(implementations)('Schnorr by $name', (crypto) => {
  test.each(signing)('signs (BIP340): $name', ({ secret, publicKey, auxRand, message, signature }) => {
    expect(toHex(crypto.publicKey(fromHex(secret)))).toBe(publicKey);
    expect(toHex(crypto.sign(fromHex(message), fromHex(secret), fromHex(auxRand)))).toBe(signature);
  });

  test.each(schnorrVectors)('verifies (BIP340): $name', ({ publicKey, message, signature, valid }) => {
    expect(crypto.verify(fromHex(signature), fromHex(message), fromHex(publicKey))).toBe(valid);
  });
});
