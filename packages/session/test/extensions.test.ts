import {
  ChannelEndpointChanged,
  encodeFrame,
  RequestExtensions,
  RequestExtensionsError,
  RequestExtensionsSuccess,
  type SubmitSharesExtended,
} from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { answerRequest, judgeError, judgeSuccess } from '../src/extensions.ts';
import { Pair, readyPair } from './peers.ts';

const none: readonly number[] = [];
const request = (requestId: number, requestedExtensions: readonly number[]) =>
  encodeFrame(RequestExtensions, { type: 'RequestExtensions', requestId, requestedExtensions });
const errorFrame = (requestId: number, unsupported: readonly number[], required: readonly number[]) =>
  encodeFrame(RequestExtensionsError, {
    type: 'RequestExtensionsError',
    requestId,
    unsupportedExtensions: unsupported,
    requiredExtensions: required,
  });
const share: SubmitSharesExtended = {
  type: 'SubmitSharesExtended',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
  extranonce: Uint8Array.of(1, 2),
};

describe('answers of a server (extension 0x0001, 4)', () => {
  test.each([
    { name: 'the common subset', asked: [2, 3], supported: [2, 5], required: none, answer: [2] },
    { name: 'what is required and asked for', asked: [5, 2], supported: [2, 5], required: [5], answer: [5, 2] },
  ])('agrees to $name', ({ asked, supported, required, answer }) => {
    const message = { type: 'RequestExtensions', requestId: 7, requestedExtensions: asked } as const;
    expect(answerRequest(message, { supported, required })).toEqual({
      reply: { type: 'RequestExtensionsSuccess', requestId: 7, supportedExtensions: answer },
      negotiated: new Set(answer),
      satisfied: true,
    });
  });

  test.each([
    { name: 'nothing in common', asked: [2], supported: none, required: none, unsupported: [2], missing: none },
    { name: 'an empty request', asked: none, supported: [2], required: none, unsupported: none, missing: none },
    { name: 'a missing requirement', asked: [2, 3], supported: [2, 5], required: [5], unsupported: [3], missing: [5] },
  ])('answers $name with an Error', ({ asked, supported, required, unsupported, missing }) => {
    const message = { type: 'RequestExtensions', requestId: 7, requestedExtensions: asked } as const;
    expect(answerRequest(message, { supported, required })).toEqual({
      reply: {
        type: 'RequestExtensionsError',
        requestId: 7,
        unsupportedExtensions: unsupported,
        requiredExtensions: missing,
      },
      negotiated: new Set(),
      satisfied: missing.length === 0,
    });
  });
});

describe('verdicts of a client (extension 0x0001, 4)', () => {
  const wishes = { supported: [2, 5], requested: [2], required: none };
  const error = (unsupportedExtensions: readonly number[], requiredExtensions: readonly number[]) =>
    ({ type: 'RequestExtensionsError', requestId: 0, unsupportedExtensions, requiredExtensions }) as const;

  test('takes only what it asked for', () => {
    const success = { type: 'RequestExtensionsSuccess', requestId: 0, supportedExtensions: [2, 9] } as const;
    expect(judgeSuccess(success, [2], wishes)).toEqual({ kind: 'settled', negotiated: new Set([2]) });
  });
  test("retries once with its own wishes and the server's requirements", () => {
    expect(judgeError(error([3], [5]), [2, 3], wishes, false)).toEqual({ kind: 'retry', request: [2, 5] });
    expect(judgeError(error([], [5]), [2], wishes, true)).toEqual({ kind: 'missing', extensions: [5] });
  });
  test('does not stay with a server that requires what it does not know, or lacks what it requires', () => {
    expect(judgeError(error([], [8]), [2], wishes, false)).toEqual({ kind: 'missing', extensions: [8] });
    const needy = { ...wishes, required: [2] };
    expect(judgeError(error([2], []), [2], needy, false)).toEqual({ kind: 'missing', extensions: [2] });
  });
});

describe('negotiation on a connection (extension 0x0001)', () => {
  test('both sides report the same extensions; TLV fields travel afterwards (§3.4.3)', () => {
    const offer = { supported: [2], required: none };
    const pair = new Pair({ secure: true, client: offer, server: offer });
    pair.pump();
    expect(pair.clientEvents.at(-1)).toMatchObject({ type: 'ready', extensions: new Set([2]) });
    expect(pair.serverEvents.at(-1)).toEqual({ type: 'extensions', extensions: new Set([2]) });
    const userIdentity = Uint8Array.of(0x77);
    pair.client.send({ ...share, userIdentity });
    pair.pump();
    expect(pair.serverEvents.at(-1)).toMatchObject({ message: { userIdentity } });
  });

  test('a client goes on without when the server agrees to nothing and requires nothing', () => {
    const pair = new Pair({ client: { supported: [2], required: none } });
    pair.pump();
    expect(pair.clientEvents).toEqual([
      { type: 'asking' },
      { type: 'ready', usedVersion: 2, flags: 0, extensions: new Set() },
    ]);
    pair.client.send({ ...share, userIdentity: Uint8Array.of(1) });
    pair.pump();
    expect(pair.serverEvents.at(-1)).not.toHaveProperty('message.userIdentity');
  });

  test('a client that knows what the server requires asks again, with its own wishes too', () => {
    const client = { supported: [2, 5], requested: [2], required: none };
    const pair = new Pair({ client, server: { supported: [2, 5], required: [5] } });
    pair.pump();
    expect(pair.clientEvents).toMatchObject([
      { type: 'asking' },
      { type: 'asking' },
      { type: 'ready', extensions: new Set([2, 5]) },
    ]);
    expect(pair.serverEvents.at(-1)).toMatchObject({ type: 'ready', extensions: new Set([2, 5]) });
  });

  test('a server that requires an extension ends a client that sends anything else first', () => {
    const pair = new Pair({ server: { supported: [5], required: [5] } });
    pair.pump();
    expect(pair.serverEvents.at(-1)).toMatchObject({ type: 'setup' });
    pair.client.send(share);
    expect(() => pair.pump()).toThrow('extension-required');
  });

  test('a server that requires an extension tells twice and then ends the connection', () => {
    const pair = new Pair({ server: { supported: [5], required: [5] } });
    pair.pump();
    pair.toServer(request(0, [2]));
    const first = pair.server.drain();
    expect(first).toEqual(errorFrame(0, [2], [5]));
    expect(() => pair.toServer(request(1, [2]))).toThrow('extension-required');
    expect(pair.server.drain()).toEqual(errorFrame(1, [2], [5]));
  });

  test('a client waits for the answer, and after the time its host grants goes on without; a late answer counts', () => {
    const pair = new Pair({ client: { supported: [2], required: none } });
    pair.toServer(pair.client.drain() as Uint8Array);
    pair.toClient(pair.server.drain() as Uint8Array);
    expect(pair.client.phase).toBe('extensions');
    expect(() => pair.client.send(share)).toThrow('nothing can be sent');
    expect(pair.client.extensionsTimedOut()).toMatchObject({ type: 'ready', extensions: new Set() });
    expect(pair.client.extensionsTimedOut()).toBeUndefined();
    pair.toClient(
      encodeFrame(RequestExtensionsSuccess, {
        type: 'RequestExtensionsSuccess',
        requestId: 0,
        supportedExtensions: [2],
      }),
    );
    expect(pair.clientEvents).toEqual([{ type: 'asking' }, { type: 'extensions', extensions: new Set([2]) }]);
  });

  test('a client that requires an extension does not go on without', () => {
    const pair = new Pair({ client: { supported: [2], required: [2] } });
    pair.toServer(pair.client.drain() as Uint8Array);
    pair.toClient(pair.server.drain() as Uint8Array);
    expect(() => pair.client.extensionsTimedOut()).toThrow('extension-missing');
  });

  test('anything in place of an answer means that the server does not know extension 0x0001', () => {
    const pair = new Pair({ client: { supported: [2], required: none } });
    pair.toServer(pair.client.drain() as Uint8Array);
    pair.toClient(pair.server.drain() as Uint8Array);
    pair.toClient(Uint8Array.of(0, 0, 0x04, 3, 0, 0, 0, 0, 0));
    expect(pair.clientEvents).toMatchObject([
      { type: 'asking' },
      { type: 'ready' },
      { type: 'message', message: { type: 'Reconnect' } },
    ]);
  });

  test('an answer to what was never asked is ignored', () => {
    const pair = readyPair();
    pair.toClient(errorFrame(9, [], [5]));
    expect(pair.clientEvents).toEqual([]);
  });

  test('ChannelEndpointChanged resets the extensions, which are then negotiated anew (§3.6.4)', () => {
    const offer = { supported: [2], required: none };
    const pair = readyPair({ client: offer, server: offer });
    const message = { type: 'ChannelEndpointChanged', channelId: 4 } as const;
    pair.toClient(encodeFrame(ChannelEndpointChanged, message));
    expect(pair.client.extensions).toEqual(new Set());
    expect(pair.clientEvents).toEqual([
      { type: 'extensions', extensions: new Set() },
      { type: 'message', message },
    ]);
    pair.pump();
    expect(pair.clientEvents.at(-1)).toEqual({ type: 'extensions', extensions: new Set([2]) });
  });
});
