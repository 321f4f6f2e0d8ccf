import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_TARGET } from '@sv2kit/bitcoin';
import { encodeFrame, mining, type MiningFromClient, type MiningFromServer, SetTarget } from '@sv2kit/codec';
import { type Connection, connect, inlineHandshakes, listen, serve } from '@sv2kit/net';
import { afterAll, expect, test } from 'vitest';
import { Authority, Mailbox, ManInTheMiddle, within } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'sv2kit-middle-'));
const authority = new Authority(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const update = (channelId: number): MiningFromClient => ({
  type: 'UpdateChannel',
  channelId,
  nominalHashRate: 1,
  maximumTarget: MAX_TARGET,
});
const share: MiningFromClient = {
  type: 'SubmitSharesExtended',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
  extranonce: Uint8Array.of(7, 8),
  userIdentity: Uint8Array.of(97),
};

/** A server that answers each UpdateChannel with a SetTarget, a client, and the man between them. */
async function scene() {
  const stack = new AsyncDisposableStack();
  const identity = authority.identity();
  const atServer = new Mailbox<MiningFromClient>(({ type }) => type);
  const atClient = new Mailbox<MiningFromServer>(({ type }) => type);
  const listener = stack.use(
    await listen({
      host: '127.0.0.1',
      port: 0,
      identity: () => identity,
      handshakes: inlineHandshakes(),
      extensions: { supported: [2], required: [] },
      services: [
        serve(mining, {
          accept: (connection: Connection<MiningFromServer>) => ({
            kind: 'accept',
            handler: {
              onMessage(message) {
                atServer.put(structuredClone(message));
                if (message.type !== 'UpdateChannel') return;
                const { channelId, maximumTarget } = message;
                connection.send({ type: 'SetTarget', channelId, maximumTarget });
              },
              onClose: ({ code }) => atServer.close(code),
            },
          }),
        }),
      ],
    }),
  );
  const upstream = { host: '127.0.0.1', port: listener.port };
  const middle = stack.use(await ManInTheMiddle.listen({ protocol: mining, upstream, identity: authority.identity() }));
  const connection = await connect({
    host: '127.0.0.1',
    port: middle.port,
    authority: authority.publicKey,
    protocol: mining,
    extensions: { supported: [2], required: [2] },
    handler: () => ({
      onMessage: (message) => atClient.put(structuredClone(message)),
      onClose: ({ code }) => atClient.close(code),
    }),
  });
  const next = (channelId: number) =>
    atClient.next(`an answer for channel ${channelId}`, (each) => 'channelId' in each && each.channelId === channelId);
  return { connection, middle, atServer, atClient, next, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('sees every message of both sides in the clear, set-up and extension fields included (§3.6, extension 0x0002)', async () => {
  await using scenario = await scene();
  scenario.connection.send(share);
  expect((await scenario.middle.message('SubmitSharesExtended')).message).toEqual(share);
  expect(await scenario.atServer.first('the share', ({ type }) => type === share.type)).toEqual(share);
  expect(scenario.middle.seen.map(({ from, message }) => [from, message.type])).toEqual([
    ['client', 'SetupConnection'],
    ['server', 'SetupConnectionSuccess'],
    ['client', 'RequestExtensions'],
    ['server', 'RequestExtensionsSuccess'],
    ['client', 'SubmitSharesExtended'],
  ]);
});

test('hands frames on byte for byte, also those of an extension that nobody knows (§3.4.1)', async () => {
  await using scenario = await scene();
  scenario.connection.sendFrame(Uint8Array.of(0x77, 0x07, 1, 3, 0, 0, 9, 9, 9));
  scenario.connection.send(update(1));
  expect(await scenario.next(1)).toEqual({ type: 'SetTarget', channelId: 1, maximumTarget: MAX_TARGET });
  const { frame } = await scenario.middle.message('SetTarget');
  expect(frame).toEqual(encodeFrame(SetTarget, { type: 'SetTarget', channelId: 1, maximumTarget: MAX_TARGET }));
});

test('drops and changes the messages that a rule says, until the rule is taken back', async () => {
  await using scenario = await scene();
  {
    using _dropped = scenario.middle.intercept(({ message }) =>
      message.type === 'UpdateChannel' && message['channelId'] === 1 ? 'drop' : undefined,
    );
    using _changed = scenario.middle.intercept(({ message }) =>
      message.type === 'SetTarget' ? { ...message, maximumTarget: new Uint8Array(32) } : undefined,
    );
    scenario.connection.send(update(1));
    scenario.connection.send(update(2));
    expect(await scenario.next(2)).toMatchObject({ maximumTarget: new Uint8Array(32) });
  }
  scenario.connection.send(update(1));
  expect(await scenario.next(1)).toMatchObject({ maximumTarget: MAX_TARGET });
  expect(scenario.atServer.items.filter(({ type }) => type === 'UpdateChannel')).toHaveLength(2);
});

test('holds a message back, with all behind it in order, while the other direction goes on', async () => {
  await using scenario = await scene();
  using held = scenario.middle.hold('SetTarget');
  scenario.connection.send(update(1));
  scenario.connection.send(update(2));
  await held.caught();
  await scenario.atServer.first('the second', (each) => each.type === 'UpdateChannel' && each.channelId === 2);
  expect(scenario.atClient.items).toEqual([]);
  held.release();
  await scenario.next(2);
  expect(scenario.atClient.items.map((each) => 'channelId' in each && each.channelId)).toEqual([1, 2]);
});

test('speaks in the name of either side', async () => {
  await using scenario = await scene();
  scenario.middle.inject('server', { type: 'CloseChannel', channelId: 9, reasonCode: 'forged' });
  expect(await scenario.next(9)).toMatchObject({ reasonCode: 'forged' });
  scenario.middle.inject('client', update(10));
  await scenario.next(10);
  scenario.middle.injectFrame('client', Uint8Array.of(0, 0x80, 0x21, 4, 0, 0, 1, 0, 0, 0));
  await expect(scenario.atServer.first('nothing', () => false)).rejects.toThrow(/connection has ended|wrong-direction/);
});

test('cuts its connections, lets nobody through while closed, and serves again when open', async () => {
  await using scenario = await scene();
  scenario.middle.cut();
  await expect(scenario.next(1)).rejects.toThrow('will not come');
  await expect(scenario.atServer.first('nothing', () => false)).rejects.toThrow('will not come');
  scenario.middle.open = false;
  const refused = connectTcp(scenario.middle.port, '127.0.0.1');
  refused.on('error', () => {});
  await within('the end of a refused connection', new Promise((resolve) => refused.once('close', resolve)));
  scenario.middle.open = true;
  const again = await connect({
    host: '127.0.0.1',
    port: scenario.middle.port,
    authority: authority.publicKey,
    protocol: mining,
    handler: () => ({ onMessage() {}, onClose() {} }),
  });
  expect(scenario.middle.connections).toBe(2);
  again.end('done');
});

test('a peer that leaves in the middle of the handshake leaves nothing behind', async () => {
  await using scenario = await scene();
  const socket = connectTcp(scenario.middle.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(new Uint8Array(10));
  socket.end();
  await within('the end of the connection', once(socket.resume(), 'close'));
  scenario.connection.send(update(1));
  await scenario.next(1);
});

test('a missed deadline says what was awaited and what came instead', async () => {
  const box = new Mailbox<string>((item) => item);
  box.put('something else');
  const missed = box.first('the answer', (item) => item === 'answer', { ms: 1 });
  await expect(missed).rejects.toThrow('waited 0.001 s for the answer;  (the last that came: something else)');
});
