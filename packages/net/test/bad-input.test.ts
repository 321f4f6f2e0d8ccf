import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  Reconnect,
  SetupConnectionError,
  SetupConnectionSuccess,
  SubmitSharesStandard,
} from '@sv2kit/codec';
import { ACT2_SIZE, finishInitiator, Sealer, startInitiator } from '@sv2kit/noise';
import { describe, expect, test } from 'vitest';
import { ephemeralKey } from '../src/index.ts';
import { allReceived, authority, type Stage, setupFrame as setup, stage, until } from './peers.ts';

const share = encodeFrame(SubmitSharesStandard, {
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
});
const success = encodeFrame(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 });
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const header = (extension: number, type: number, length: number) =>
  Uint8Array.of(extension, extension >> 8, type, length, length >> 8, length >> 16);
const refusal = (errorCode: string, flags: number) =>
  encodeFrame(SetupConnectionError, { type: 'SetupConnectionError', flags, errorCode });
const nothing = new Uint8Array(0);

/** Another peer, connected before, still served after. */
async function unharmed(scene: Stage, misbehave: () => Promise<void>): Promise<void> {
  const bystander = await scene.client();
  await misbehave();
  bystander.connection.sendFrame(share);
  await until(() => scene.servers[0]?.messages.length === 1);
  expect(scene.servers[0]?.reason).toBeUndefined();
  expect(scene.errors).toEqual([]);
  await until(() => scene.listener.connections === 1);
  expect(scene.listener.handshakes).toBe(0);
}

describe('a plain peer that misbehaves is told, ended and counted; others do not notice', () => {
  test.each<[what: string, sent: Uint8Array, told: Uint8Array, reason: string]>([
    ['speaks HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), nothing, 'setup-expected'],
    ['asks for a protocol that is not served (§3.6.3)', setup({ protocol: 1 }), refusal('unsupported-protocol', 0), ''],
    ['has no version in common (§3.6.3)', setup({ minVersion: 3 }), refusal('protocol-version-mismatch', 0), ''],
    [
      'sets a flag without a meaning (§3.6.3)',
      setup({ flags: 1 << 30 }),
      refusal('unsupported-feature-flags', 0xffff_fff8),
      '',
    ],
    ['submits a share before it is set up (§3.6.1)', share, nothing, 'setup-expected'],
    ['sets up twice (§3.6.1)', join(setup(), setup()), success, 'setup-repeated'],
    ['sends what only a server sends (§8)', join(setup(), success), success, 'wrong-direction'],
    ['sends an unknown message (§8)', join(setup(), header(0, 0xee, 0)), success, 'unknown-message'],
    ['sends a message of another protocol (§8)', join(setup(), header(0, 0x76, 9)), success, 'unknown-message'],
    ['announces a frame over its cap (§3.2)', join(setup(), header(0, 0x1a, 9999)), success, 'frame-too-large'],
    ['announces a frame below its size (§3.2)', join(setup(), header(0, 0x1a, 3)), success, 'message-too-short'],
    [
      'cuts a string short (§3.1)',
      join(header(0, 0, 13), Uint8Array.of(0, 2, 0, 2, 0, 0, 0, 0, 0, 200, 1, 2, 3)),
      nothing,
      'message-too-short',
    ],
    [
      'ends its extension fields early (§3.4.3)',
      join(setup(), header(0x8000, 0x1a, 27), share.subarray(HEADER_SIZE), Uint8Array.of(2, 0, 1)),
      success,
      'malformed-tlv',
    ],
  ])('%s', async (_what, sent, told, reason) => {
    await using scene = await stage();
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      // More of the same behind it must not turn the close into a reset that swallows the answer.
      socket.write(join(sent, new Uint8Array(100)));
      expect(await allReceived(socket)).toEqual(told);
    });
    const code = reason === '' ? decodePayload(SetupConnectionError, told.subarray(HEADER_SIZE)).errorCode : reason;
    await until(() => scene.counts.counts[`closed ${code}`] === 1);
  });

  test('sends an unknown extension for the connection: discarded; for a channel: handed on (§3.4.1)', async () => {
    await using scene = await stage();
    const socket = await scene.raw();
    const foreign = join(header(0xc001, 9, 5), Uint8Array.of(7, 0, 0, 0, 1));
    socket.write(join(setup(), header(0x4001, 9, 2), Uint8Array.of(1, 2), foreign, share));
    await until(() => scene.servers[0]?.messages.length === 1);
    expect(scene.servers[0]?.foreign).toEqual([
      { extensionType: 0x4001, messageType: 9, channelId: 7, frame: foreign },
    ]);
  });

  test('says nothing at all: ended when its time is up (limits.setupMs)', async () => {
    await using scene = await stage();
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      await until(() => scene.listener.handshakes === 1);
      scene.clock.advance(9_000);
      expect(scene.listener.connections).toBe(2);
      scene.clock.advance(2_000);
      expect(await allReceived(socket)).toEqual(nothing);
    });
    expect(scene.counts.counts).toMatchObject({ 'closed setup-timeout': 1 });
  });

  test('sends half a frame for ever, byte by byte: ended when its time is up (limits.halfFrameMs)', async () => {
    await using scene = await stage();
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      socket.write(join(setup(), share.subarray(0, 10)));
      const received = allReceived(socket);
      await until(() => scene.servers.length === 2);
      for (let second = 0; second < 8; second += 1) {
        scene.clock.advance(8_000);
        socket.write(share.subarray(10 + second, 11 + second));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await received).toEqual(success);
    });
    expect(scene.counts.counts).toMatchObject({ 'closed half-frame-timeout': 1 });
  });

  test.each([
    ['messages of an unknown extension (§3.4.1)', header(0x4001, 9, 0)],
    ['requests for extensions (extension 0x0001)', join(header(1, 0, 4), new Uint8Array(4))],
  ])('sends %s without end: ended within a second (limits.asidesPerSecond)', async (_what, frame) => {
    await using scene = await stage();
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      socket.write(join(setup(), ...Array<Uint8Array>(1_000).fill(frame)));
      socket.resume();
      await until(() => scene.servers.length === 2);
      await new Promise((resolve) => setImmediate(resolve));
      scene.clock.advance(1_000);
      await allReceived(socket);
    });
    expect(scene.counts.counts).toMatchObject({ 'closed aside-flood': 1 });
  });

  test('may send messages of unknown extensions now and then, and channel messages as often as the host reads them', async () => {
    await using scene = await stage();
    const socket = await scene.raw();
    socket.write(setup());
    const seen = () => scene.servers[0]?.foreign.length ?? 0;
    for (let second = 1; second <= 10; second += 1) {
      const channelMessage = join(header(0xc001, 9, 4), new Uint8Array(4));
      socket.write(
        join(...Array<Uint8Array>(50).fill(header(0x4001, 9, 0)), ...Array<Uint8Array>(200).fill(channelMessage)),
      );
      await until(() => seen() === second * 200);
      scene.clock.advance(1_000);
    }
    expect(scene.servers[0]?.reason).toBeUndefined();
  });

  test('opens nothing: ended when its time is up, unless the application has seen it open something', async () => {
    await using scene = await stage({ limits: { firstUseMs: 30_000 } });
    const idle = await scene.client();
    const busy = await scene.client();
    await until(() => scene.servers.length === 2);
    scene.servers[1]?.connection.markInUse();
    scene.clock.advance(31_000);
    await idle.closed;
    await until(() => scene.servers[0]?.reason !== undefined);
    expect(scene.servers[0]?.reason).toEqual({ code: 'unused' });
    expect(busy.reason).toBeUndefined();
  });

  test('is silent for longer than the host allows (limits.silenceMs)', async () => {
    await using scene = await stage({ limits: { silenceMs: 120_000 } });
    const client = await scene.client();
    scene.clock.advance(100_000);
    client.connection.sendFrame(share);
    await until(() => scene.servers[0]?.messages.length === 1);
    scene.clock.advance(100_000);
    expect(client.reason).toBeUndefined();
    scene.clock.advance(30_000);
    await client.closed;
    expect(scene.counts.counts).toMatchObject({ 'closed silent': 1 });
  });
});

describe('a peer that misbehaves in or behind a handshake (§4.5, §4.6)', () => {
  test('sends garbage instead of a handshake: any 64 bytes are a key, but what follows fails its MAC', async () => {
    await using scene = await stage({ secure: true });
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      socket.write(Buffer.alloc(64, 'GET / HTTP/1.1\r\n'));
      const received = allReceived(socket);
      await until(() => socket.bytesRead === ACT2_SIZE);
      socket.write(new Uint8Array(100));
      expect(await received).toHaveLength(ACT2_SIZE);
    });
    await until(() => scene.counts.counts['closed bad-mac'] === 1);
  });

  test('sends more than act 1 before it has act 2: ended before anything is computed', async () => {
    await using scene = await stage({ secure: true });
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      socket.write(new Uint8Array(65));
      expect(await allReceived(socket)).toEqual(nothing);
    });
    expect(scene.counts.counts).toMatchObject({ 'closed data-during-handshake': 1 });
  });

  test.each([0, 63])('stops after %i bytes: ended when its time is up (limits.handshakeMs)', async (size) => {
    await using scene = await stage({ secure: true });
    await unharmed(scene, async () => {
      const socket = await scene.raw();
      socket.write(new Uint8Array(size));
      await until(() => scene.listener.handshakes === 1);
      scene.clock.advance(11_000);
      expect(await allReceived(socket)).toEqual(nothing);
    });
    expect(scene.counts.counts).toMatchObject({ 'closed handshake-timeout': 1 });
  });

  test('sends a message of the wrong side, sealed: told nothing but act 2 and the end (§8)', async () => {
    await using scene = await stage({ secure: true });
    await unharmed(scene, async () => {
      const { act1, state } = startInitiator(ephemeralKey());
      const socket = await scene.raw();
      socket.write(act1);
      socket.once('data', (act2: Uint8Array) => {
        const { sendKey } = finishInitiator(state, act2, { authority, now: 1_700_000_000 });
        socket.write(new Sealer(sendKey).seal(encodeFrame(Reconnect, { type: 'Reconnect', newHost: '', newPort: 0 })));
      });
      expect(await allReceived(socket)).toHaveLength(ACT2_SIZE);
    });
    await until(() => scene.counts.counts['closed setup-expected'] === 1);
  });
});
