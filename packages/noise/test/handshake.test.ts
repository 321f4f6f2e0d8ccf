import { ACT1_SIZE, ACT2_SIZE, finishInitiator, publicKeyOf, respond, startInitiator } from '@sv2kit/noise';
import { describe, expect, test } from 'vitest';
import { authority, bytes32, identity, keypair, NOW, shakeHands } from './fixtures.ts';
import { implementations } from './implementations.ts';

const fails = (code: string) => expect.objectContaining({ code });

describe.each(implementations)('the handshake by $name', (crypto) => {
  const begin = () => startInitiator(keypair(300));
  const answer = (act1: Uint8Array, server = identity()) => respond(act1, keypair(400), server, crypto);

  test('acts are 64 and 234 bytes (§4.5.1, §4.5.2)', () => {
    const { act1 } = begin();
    expect([act1.length, ACT1_SIZE]).toEqual([64, 64]);
    expect([answer(act1).act2.length, ACT2_SIZE]).toEqual([234, 234]);
  });

  test('leaves both sides with the same two different keys, crosswise (§4.5.2.2)', () => {
    const { client, server } = shakeHands(crypto, crypto);
    expect(client.sendKey).toEqual(server.receiveKey);
    expect(client.receiveKey).toEqual(server.sendKey);
    expect(client.sendKey).not.toEqual(client.receiveKey);
    expect(client.serverKey).toEqual(publicKeyOf(bytes32(700)));
  });

  test('agrees with every other implementation', () => {
    for (const other of implementations) {
      const { client, server } = shakeHands(crypto, other);
      expect(client.sendKey).toEqual(server.receiveKey);
      expect(client.receiveKey).toEqual(server.sendKey);
    }
  });

  test('runs elsewhere: all inputs and outputs survive a structured clone', () => {
    const { act1, state } = begin();
    const server = structuredClone(respond(...structuredClone([act1, keypair(400), identity()] as const), crypto));
    const client = finishInitiator(structuredClone(state), server.act2, { authority, now: NOW }, crypto);
    expect(client.sendKey).toEqual(server.receiveKey);
  });

  test.each([
    ['the ephemeral key', 0, 63],
    ['the sealed static key', 64, 127],
    ['its MAC', 128, 143],
    ['the sealed certificate', 144, 217],
    ['its MAC', 218, 233],
  ])('a changed byte in %s of act 2 is refused (§4.5)', (_, first, last) => {
    for (const position of [first, last]) {
      const { act1, state } = begin();
      const { act2 } = answer(act1);
      act2[position] = (act2[position] ?? 0) ^ 0x40;
      expect(() => finishInitiator(state, act2, { authority, now: NOW }, crypto)).toThrow(fails('bad-mac'));
    }
  });

  test('a changed act 1 shows in act 2', () => {
    const { act1, state } = begin();
    act1[17] = (act1[17] ?? 0) ^ 1;
    expect(() => finishInitiator(state, answer(act1).act2, { authority, now: NOW }, crypto)).toThrow(fails('bad-mac'));
  });

  test.each([
    ['nothing', new Uint8Array(64)],
    ['all ones', new Uint8Array(64).fill(0xff)],
  ])('any 64 bytes are an act 1: %s', (_, act1) => {
    expect(answer(act1).act2.length).toBe(ACT2_SIZE);
  });

  test.each([
    ['act 1', 63],
    ['act 1', 65],
  ])('refuses %s of %i bytes', (_, length) => {
    expect(() => answer(new Uint8Array(length))).toThrow(fails('bad-length'));
  });

  test.each([233, 235, 170])('refuses act 2 of %i bytes', (length) => {
    const { state } = begin();
    expect(() => finishInitiator(state, new Uint8Array(length), { now: NOW }, crypto)).toThrow(fails('bad-length'));
  });

  test('a wrong authority is refused, no authority accepts anyone (§4.5.3)', () => {
    const wrong = begin();
    const { act2 } = answer(wrong.act1);
    expect(() => finishInitiator(wrong.state, act2, { authority: bytes32(3), now: NOW }, crypto)).toThrow(
      fails('certificate-signature'),
    );
    const none = begin();
    expect(() => finishInitiator(none.state, act2, { now: NOW }, crypto)).not.toThrow();
  });

  test.each([
    ['expired', 'certificate-expired', NOW - 500, NOW - 100],
    ['from the future', 'certificate-not-yet-valid', NOW + 100, NOW + 500],
  ])('a certificate %s is refused', (_, code, validFrom, notValidAfter) => {
    const { act1, state } = begin();
    const { act2 } = answer(act1, identity({ validFrom, notValidAfter }));
    expect(() => finishInitiator(state, act2, { authority, now: NOW }, crypto)).toThrow(fails(code));
  });

  test('a back-dated certificate is good for a device whose clock is half an hour late', () => {
    const { act1, state } = begin();
    const { act2 } = answer(act1);
    expect(() => finishInitiator(state, act2, { authority, now: NOW - 1_800 }, crypto)).not.toThrow();
  });

  test('a certificate of an unknown version is refused', () => {
    const { act1, state } = begin();
    const { staticKey, certificate } = identity();
    const { act2 } = answer(act1, { staticKey, certificate: { ...certificate, version: 7 } });
    expect(() => finishInitiator(state, act2, { authority, now: NOW }, crypto)).toThrow(fails('certificate-version'));
  });

  test('act 2 is taken once, whatever its outcome', () => {
    const { act1, state } = begin();
    const { act2 } = answer(act1);
    expect(() => finishInitiator(state, new Uint8Array(234), { now: NOW }, crypto)).toThrow(fails('bad-mac'));
    expect(state.phase).toBe('finished');
    expect(() => finishInitiator(state, act2, { authority, now: NOW }, crypto)).toThrow(fails('handshake-order'));
  });

  test('ephemeral secrets are zeroed, static ones are not, and a used pair is refused', () => {
    const { act1, state } = begin();
    const ephemeral = keypair(400);
    const server = identity();
    const { act2 } = respond(act1, ephemeral, server, crypto);
    finishInitiator(state, act2, { authority, now: NOW }, crypto);
    expect(ephemeral.secret).toEqual(new Uint8Array(32));
    expect(state.ephemeral.secret).toEqual(new Uint8Array(32));
    expect(server.staticKey.secret).toEqual(bytes32(700));
    expect(() => respond(act1, ephemeral, server, crypto)).toThrow(fails('bad-key'));
    const again = startInitiator(state.ephemeral);
    expect(() => finishInitiator(again.state, act2, { now: NOW }, crypto)).toThrow(fails('bad-key'));
  });
});
