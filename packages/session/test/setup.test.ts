import {
  ChannelEndpointChanged,
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  NewTemplate,
  ProtocolError,
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
  SubmitSharesStandard,
  type SubmitSharesSuccess,
} from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { SESSION_ERRORS } from '../src/index.ts';
import { Pair, readyPair, setupMessage } from './peers.ts';

const share: SubmitSharesStandard = {
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
};
const shareFrame = encodeFrame(SubmitSharesStandard, share);
const setupFrame = (over: Partial<SetupConnection> = {}) => encodeFrame(SetupConnection, setupMessage(over));

/** What the server says to these bytes, and how it ends. */
function told(bytes: Uint8Array, pair = new Pair()): { error?: SetupConnectionError; code: string | undefined } {
  let code: string | undefined;
  try {
    pair.toServer(bytes);
  } catch (error) {
    code = (error as ProtocolError).code;
  }
  const answer = pair.server.drain();
  if (answer?.[2] !== SetupConnectionError.messageType) return { code };
  return { error: decodePayload(SetupConnectionError, answer.subarray(HEADER_SIZE)), code };
}

describe('SetupConnection (§3.6)', () => {
  for (const secure of [false, true]) {
    test(`sets up a ${secure ? 'sealed' : 'plain'} connection and reports both flag namespaces (§3.6.2)`, () => {
      const pair = new Pair({ secure, setup: { flags: 0b001 }, onSetup: (server) => server.accept(0b10) });
      pair.pump();
      const ready = { type: 'ready', usedVersion: 2, flags: 0b10, extensions: new Set() };
      expect(pair.clientEvents.at(-1)).toEqual(ready);
      expect(pair.serverEvents.at(-1)).toEqual(ready);
      expect(pair.serverEvents.at(-2)).toEqual({ type: 'setup', setup: setupMessage({ flags: 0b001 }) });
    });
  }

  test('carries messages both ways once set up (§3.2)', () => {
    const pair = readyPair({ secure: true });
    const success: SubmitSharesSuccess = {
      type: 'SubmitSharesSuccess',
      channelId: 1,
      lastSequenceNumber: 2,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 1n,
    };
    pair.client.send(share);
    pair.server.send(success);
    pair.pump();
    expect(pair.serverEvents).toEqual([{ type: 'message', message: share }]);
    expect(pair.clientEvents).toEqual([{ type: 'message', message: success }]);
  });

  test.each([
    ['an unserved protocol', setupFrame({ protocol: 1 }), 'unsupported-protocol', 0],
    ['an unknown protocol', setupFrame({ protocol: 77 }), 'unsupported-protocol', 0],
    ['a newer minimum', setupFrame({ minVersion: 3, maxVersion: 9 }), 'protocol-version-mismatch', 0],
    ['an older maximum', setupFrame({ minVersion: 1, maxVersion: 1 }), 'protocol-version-mismatch', 0],
    ['an empty range', setupFrame({ minVersion: 3, maxVersion: 2 }), 'protocol-version-mismatch', 0],
    ['a flag without a meaning', setupFrame({ flags: 0x8000_0000 }), 'unsupported-feature-flags', 0xffff_fff8],
    ['every flag', setupFrame({ flags: 0xffff_ffff }), 'unsupported-feature-flags', 0xffff_fff8],
    ['wrong protocol and flags', setupFrame({ protocol: 1, flags: 0xffff_ffff }), 'unsupported-protocol', 0],
  ])('refuses %s and lists every unsupported flag, or 0 (§3.6.3)', (_name, bytes, code, flags) => {
    expect(told(bytes)).toEqual({ error: { type: 'SetupConnectionError', flags, errorCode: code }, code });
  });

  test('judges flags by the protocol that was asked for (§3.6.1)', () => {
    const flags = { protocol: 2, flags: 1 };
    expect(told(setupFrame(flags)).error).toMatchObject({ flags: 0xffff_ffff });
  });

  test('accepts a range of versions that contains its own (§3.6.1)', () => {
    const pair = new Pair();
    pair.toServer(setupFrame({ minVersion: 1, maxVersion: 9 }));
    expect(pair.serverEvents.at(-1)).toMatchObject({ type: 'ready', usedVersion: 2 });
  });

  test("passes the host's own refusal on with flags 0 (§3.6.3)", () => {
    const pair = new Pair({
      onSetup: (server) => {
        server.refuse('pool-is-full');
        return undefined;
      },
    });
    const error = { type: 'SetupConnectionError', flags: 0, errorCode: 'pool-is-full' };
    expect(told(setupFrame(), pair)).toEqual({ error, code: undefined });
    expect(pair.server.phase).toBe('closed');
  });

  test('tells the client of a refusal: code and flags (§3.6.3)', () => {
    const pair = new Pair({ setup: { flags: 0x10 } });
    expect(() => pair.toServer(pair.client.drain() as Uint8Array)).toThrow('unsupported-feature-flags');
    const refused = { code: 'setup-refused', details: { errorCode: 'unsupported-feature-flags', flags: 0xffff_fff8 } };
    expect(() => pair.toClient(pair.server.drain() as Uint8Array)).toThrow(expect.objectContaining(refused));
  });

  test.each([
    ['a share', shareFrame],
    ['a message of the server', encodeFrame(Reconnect, { type: 'Reconnect', newHost: '', newPort: 0 })],
    ['an unknown message', Uint8Array.of(0, 0, 0xee, 0, 0, 0)],
    ['an unknown extension', Uint8Array.of(9, 0, 0, 0, 0, 0)],
  ])('ends a connection that starts with %s (§3.6.1)', (_name, bytes) => {
    expect(told(bytes)).toEqual({ code: 'setup-expected' });
  });

  test('ends a connection that sets up twice (§3.6.1)', () => {
    expect(told(new Uint8Array([...setupFrame(), ...setupFrame()]))).toEqual({ code: 'setup-repeated' });
  });

  test('ends a connection that goes on before it was answered (§3.6.1)', () => {
    const pair = new Pair({ onSetup: () => undefined });
    expect(told(new Uint8Array([...setupFrame(), ...shareFrame]), pair)).toEqual({ code: 'setup-unanswered' });
  });

  test('ends a client that speaks with the voice of a server, and the reverse (§8)', () => {
    const success = encodeFrame(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 });
    expect(told(success, readyPair())).toEqual({ code: 'wrong-direction' });
    expect(() => readyPair().toClient(shareFrame)).toThrow('wrong-direction');
  });

  test('ends a client that sends a message of another protocol (§8)', () => {
    const constraints = Uint8Array.of(0, 0, 0x70, 6, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(told(constraints, readyPair())).toEqual({ code: 'unknown-message' });
    expect(NewTemplate.messageType).toBe(0x71);
  });

  test('ends a server that answers with something else, or twice, or with a version not offered (§3.6.2)', () => {
    const success = (usedVersion: number) =>
      encodeFrame(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion, flags: 0 });
    const changed = encodeFrame(ChannelEndpointChanged, { type: 'ChannelEndpointChanged', channelId: 1 });
    expect(() => new Pair().toClient(changed)).toThrow('setup-expected');
    expect(() => new Pair().toClient(success(3))).toThrow('version-not-offered');
    expect(() => readyPair().toClient(success(2))).toThrow('setup-repeated');
  });

  test('refuses to send before the connection is ready: a mistake of ours, not a ProtocolError', () => {
    const attempt = () => new Pair({ secure: true }).client.send(share);
    expect(attempt).toThrow('nothing can be sent');
    expect(attempt).not.toThrow(ProtocolError);
  });

  test('explains each of its error codes', () => {
    for (const text of Object.values(SESSION_ERRORS)) expect(text).toMatch(/\S+ .*\.$/);
  });
});
