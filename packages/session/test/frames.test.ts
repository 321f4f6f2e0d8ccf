import {
  encodeFrame,
  HEADER_SIZE,
  jobDeclaration,
  ProvideMissingTransactionsSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
  SetupConnection,
  SubmitSharesStandard,
} from '@sv2kit/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Held } from '../src/held.ts';
import { MAX_FOREIGN_PAYLOAD, ServerSession } from '../src/index.ts';
import { Pair, readyPair, setupMessage } from './peers.ts';

const share = (nonce: number): SubmitSharesStandard => ({
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce,
  ntime: 5,
  version: 6,
});
const header = (extension: number, type: number, length: number) =>
  Uint8Array.of(extension, extension >> 8, type, length, length >> 8, length >> 16);

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.slice(start, at[index] ?? bytes.length));
}

describe('frames (§3.2, §4.6)', () => {
  test('gives the same events however the stream is cut into chunks', () => {
    const places = fc.array(fc.nat(2000), { maxLength: 40 });
    fc.assert(
      fc.property(fc.boolean(), places, places, (secure, first, second) => {
        const pair = new Pair({ secure });
        for (const piece of cut(pair.client.drain() as Uint8Array, first)) pair.toServer(piece);
        for (const piece of cut(pair.server.drain() as Uint8Array, first)) pair.toClient(piece);
        for (const piece of cut(pair.client.drain() ?? new Uint8Array(0), first)) pair.toServer(piece);
        pair.pump();
        pair.serverEvents.length = 0;
        for (let nonce = 0; nonce < 8; nonce += 1) pair.client.send(share(nonce));
        for (const piece of cut(pair.client.drain() as Uint8Array, second)) pair.toServer(piece);
        const nonces = pair.serverEvents.map((event) => (event as { message: SubmitSharesStandard }).message.nonce);
        expect(nonces).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(pair.server.heldBytes).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('judges a frame by its header alone: a frame over its cap ends the connection before its payload (§3.2)', () => {
    const tooLong = header(0x8000, SubmitSharesStandard.messageType, SubmitSharesStandard.maxPayload + 1);
    expect(() => readyPair().toServer(tooLong)).toThrow('frame-too-large');
    expect(() => readyPair().toServer(header(0x8000, SubmitSharesStandard.messageType, 3))).toThrow('too-short');
    expect(() => readyPair().toServer(header(9, 0, MAX_FOREIGN_PAYLOAD + 1))).toThrow('frame-too-large');
    expect(() => readyPair().toServer(header(0, 0xee, 5))).toThrow('unknown-message');
  });

  test('keeps memory for what has arrived, not for what was announced', () => {
    const held = new Held();
    const size = 16_000_000;
    for (let arrived = 0; arrived < 1000; arrived += 1) held.append(Uint8Array.of(1), 0, 1, size);
    expect(held.capacity).toBeLessThanOrEqual(2048);
    expect(held.release()).toHaveLength(1000);
    expect(held.capacity).toBe(0);
  });

  test('ten thousand peers that announce 4 MB and send one byte cost no memory to speak of', () => {
    const frame = header(0, ProvideMissingTransactionsSuccess.messageType, 4_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const peers = Array.from({ length: 10_000 }, () => {
      const server = new ServerSession({ security: 'plain', offers: [{ protocol: jobDeclaration, flags: 0 }] });
      const setup = encodeFrame(SetupConnection, setupMessage({ protocol: jobDeclaration.number }));
      for (const event of server.receive(setup)) if (event.type === 'setup') server.accept(0);
      server.drain();
      for (const _ of server.receive(new Uint8Array([...frame, 1])));
      return server;
    });
    expect(peers.every(({ heldBytes }) => heldBytes === 1)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 10_000);
  });

  test('opens large frames of several Noise blocks (§4.6)', () => {
    const pair = readyPair({ secure: true });
    const message = {
      type: 'SetGroupChannel',
      groupChannelId: 1,
      channelIds: Array.from({ length: 40_000 }, (_, i) => i),
    } as const;
    pair.server.send(message);
    for (const piece of cut(pair.server.drain() as Uint8Array, [100, 70_000, 131_000])) pair.toClient(piece);
    expect(pair.clientEvents).toEqual([{ type: 'message', message }]);
    expect(encodeFrame(SetGroupChannel, message).length).toBeGreaterThan(2 * 65_535);
  });

  test('seals a fan-out frame at once, so that the caller may patch it for the next peer', () => {
    const pair = readyPair({ secure: true });
    const message = {
      type: 'SetExtranoncePrefix',
      channelId: 7,
      extranoncePrefix: Uint8Array.of(1, 2, 3),
    } as const;
    const frame = encodeFrame(SetExtranoncePrefix, message);
    pair.server.sendFrame(frame);
    frame.fill(0);
    pair.pump();
    expect(pair.clientEvents).toEqual([{ type: 'message', message }]);
  });

  test('tolerates a wrong channel_msg bit (§3.2.1)', () => {
    const pair = readyPair();
    const frame = encodeFrame(SubmitSharesStandard, share(9));
    frame[1] = 0;
    pair.toServer(frame);
    expect(pair.serverEvents).toEqual([{ type: 'message', message: share(9) }]);
  });

  test('discards an unknown extension for local processing, hands one for a channel to the host (§3.4.1)', () => {
    const pair = readyPair();
    pair.toServer(Uint8Array.of(...header(0x4abc, 3, 4), 1, 2, 3, 4));
    expect(pair.serverEvents).toEqual([]);
    const frame = Uint8Array.of(...header(0xcabc, 3, 5), 7, 0, 0, 0, 99);
    pair.toServer(frame.slice());
    expect(pair.serverEvents).toEqual([
      { type: 'foreign', foreign: { extensionType: 0x4abc, messageType: 3, channelId: 7, frame } },
    ]);
    expect(() => readyPair().toServer(header(0xcabc, 3, 3))).toThrow('too-short');
  });

  test('ends at the first MAC that does not match (§4.6)', () => {
    const pair = readyPair({ secure: true });
    pair.client.send(share(1));
    const bytes = pair.client.drain() as Uint8Array;
    bytes[30] = (bytes[30] as number) ^ 1;
    expect(() => pair.toServer(bytes)).toThrow('bad-mac');
  });

  test('ends a peer that sends more than its act before the handshake is complete (§4.5)', () => {
    const pair = new Pair({ secure: true });
    expect(() => pair.toServer(new Uint8Array(65))).toThrow('data-during-handshake');
    const slow = new Pair({ secure: true });
    const events = slow.server.receive(new Uint8Array(64));
    expect(events.next().value).toMatchObject({ type: 'handshake' });
    events.next();
    expect(() => slow.server.receive(new Uint8Array(1)).next()).toThrow('data-during-handshake');
  });

  test('never throws anything but an error with a code, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, ready) => {
        const pair = ready ? readyPair() : new Pair();
        try {
          pair.toServer(bytes);
        } catch (error) {
          expect(error).toHaveProperty('code');
        }
      }),
    );
    expect(HEADER_SIZE).toBe(6);
  });
});
