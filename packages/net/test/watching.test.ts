import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  mining,
  NewExtendedMiningJob,
  readHeader,
} from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import type { ConnectionBook, ConnectionTap, WatchableWire } from '../src/index.ts';
import { stage, until } from './peers.ts';
import { Talk, wireStage } from './wires.ts';

type WatchableConnection = Parameters<ConnectionBook['add']>[0];
type Heard = readonly [direction: 'received' | 'sent', what: string];

/** What was announced, with how it ended. */
class Book implements ConnectionBook {
  readonly all: { readonly connection: WatchableConnection; ended: string | undefined }[] = [];

  add(connection: WatchableConnection) {
    const entry: (typeof this.all)[number] = { connection, ended: undefined };
    this.all.push(entry);
    return { end: (reason: string) => void (entry.ended = reason) };
  }

  /** Listens to one of them; frames as hexadecimal. */
  listen(direction: 'in' | 'out'): Heard[] {
    const heard: Heard[] = [];
    const tap: ConnectionTap = (way, what) => {
      heard.push([way, typeof what === 'string' ? what : Buffer.from(what).toString('hex')]);
      // The bytes are the listener's for the call only.
      if (typeof what !== 'string') expect(what.length).toBeGreaterThanOrEqual(6);
    };
    this.entry(direction).connection.tap(tap);
    return heard;
  }

  entry(direction: 'in' | 'out') {
    const entry = this.all.find(({ connection }) => connection.direction === direction);
    if (entry === undefined) throw new Error(`none was announced that goes ${direction}`);
    return entry;
  }
}

const update = {
  type: 'UpdateChannel',
  channelId: 1,
  nominalHashRate: 5,
  maximumTarget: new Uint8Array(32).fill(0xff),
} as const;
const target = { type: 'SetTarget', channelId: 1, maximumTarget: new Uint8Array(32).fill(0x0f) } as const;
function decoded([, hex]: Heard, from: 'fromClient' | 'fromServer') {
  const frame = new Uint8Array(Buffer.from(hex, 'hex'));
  const { extensionType, messageType, length } = readHeader(frame);
  expect(frame.length).toBe(HEADER_SIZE + length);
  const definition: MessageDefinition | undefined = mining[from].find(extensionType, messageType);
  return definition && decodePayload(definition, frame.subarray(HEADER_SIZE));
}

describe.each([true, false])('a session with noise: %s', (secure) => {
  test('is heard at both ends as what was said, behind decryption and before sealing (§3.2, §4.6)', async () => {
    const book = new Book();
    await using scene = await stage({ secure, connections: book });
    const client = await scene.client({ connections: book });
    await until(() => book.all.length === 2);
    const [server] = scene.servers;
    server?.connection.markInUse();
    const [atServer, atClient] = [book.listen('in'), book.listen('out')];
    client.connection.send(update);
    await until(() => server?.messages.length === 1);
    server?.connection.send(target);
    await until(() => client.messages.length === 1);
    expect(atServer.map(([way]) => way)).toEqual(['received', 'sent']);
    expect(atClient.map(([way]) => way)).toEqual(['sent', 'received']);
    expect(atClient.map(([, hex]) => hex)).toEqual(atServer.map(([, hex]) => hex));
    expect(decoded(atServer[0] as Heard, 'fromClient')).toEqual(update);
    expect(decoded(atServer[1] as Heard, 'fromServer')).toEqual(target);
  });
});

test('shows of a frame that is patched for each peer what this peer gets', async () => {
  const book = new Book();
  await using scene = await stage({ secure: true, connections: book });
  const clients = [await scene.client(), await scene.client()];
  await until(() => book.all.length === 2);
  const heard = book.all.map(({ connection }) => {
    const frames: string[] = [];
    connection.tap((_, what) => typeof what !== 'string' && frames.push(Buffer.from(what).toString('hex')));
    return frames;
  });
  const job = {
    type: 'NewExtendedMiningJob',
    channelId: 0,
    jobId: 7,
    minNtime: undefined,
    version: 1,
    versionRollingAllowed: true,
    merklePath: [],
    coinbaseTxPrefix: new Uint8Array([1]),
    coinbaseTxSuffix: new Uint8Array([2]),
  } as const;
  const frame = encodeFrame(NewExtendedMiningJob, job);
  scene.servers.forEach(({ connection }, index) => {
    new DataView(frame.buffer).setUint32(6, 40 + index, true);
    connection.sendFrame(frame);
  });
  await until(() => clients.every(({ messages }) => messages.length === 1));
  expect(heard.map(([hex = '']) => decoded(['sent', hex], 'fromServer'))).toEqual([
    { ...job, channelId: 40 },
    { ...job, channelId: 41 },
  ]);
});

test('tells who is there, and how it ended', async () => {
  const book = new Book();
  await using scene = await stage({ connections: book });
  const setup = { vendor: 'acme', hardwareVersion: 's9', firmware: '', deviceId: 'x' };
  const client = await scene.client({ connections: book, setup });
  await until(() => book.all.length === 2);
  const [server] = scene.servers;
  const common = { protocol: 'mining', sinceMs: scene.clock.now() };
  const incoming = book.entry('in').connection;
  expect(incoming).toMatchObject({ ...common, direction: 'in' });
  expect(incoming.describe()).toEqual({
    peer: server?.connection.id,
    remote: '127.0.0.1',
    device: 'acme s9',
    extensions: [],
  });
  const outgoing = book.entry('out').connection;
  expect(outgoing.describe()).toEqual({ peer: client.connection.id, remote: '127.0.0.1', extensions: [] });
  client.connection.end('enough');
  await until(() => book.all.every(({ ended }) => ended !== undefined));
  expect(book.entry('out').ended).toBe('enough');
  expect(book.entry('in').ended).toBe('peer-closed');
});

test('says nothing more to who has stopped to listen', async () => {
  const book = new Book();
  await using scene = await stage({ connections: book });
  const client = await scene.client();
  await until(() => book.all.length === 1);
  const heard = book.listen('in');
  client.connection.send(update);
  await until(() => scene.servers[0]?.messages.length === 1);
  book.entry('in').connection.tap(undefined);
  client.connection.send(update);
  await until(() => scene.servers[0]?.messages.length === 2);
  expect(heard).toHaveLength(1);
});

test('is not announced before it is ready, nor when it never is', async () => {
  const book = new Book();
  const refuse = () => ({ kind: 'refuse', errorCode: 'no' }) as const;
  await using scene = await stage({ connections: book, accept: refuse });
  await expect(scene.client({ connections: book })).rejects.toThrow();
  expect(book.all).toEqual([]);
});

/** A wire that can be watched. */
class Watched extends Talk {
  tapped: ConnectionTap | undefined;
  readonly watchable: WatchableWire = {
    protocol: 'v1',
    device: 'cgminer/4',
    tap: (listener) => void (this.tapped = listener),
  };
}

test.each([true, false])('announces a wire that can be watched once it is ready (at once: %s)', async (atOnce) => {
  const book = new Book();
  const servers: Watched[] = [];
  await using scene = await wireStage({
    connections: book,
    accept(connection) {
      const wire = new Watched(connection);
      servers.push(wire);
      if (atOnce) connection.markReady();
      return wire;
    },
  });
  const socket = await scene.raw('hello');
  await until(() => servers[0]?.heard === 'hello');
  expect(book.all).toHaveLength(atOnce ? 1 : 0);
  servers[0]?.connection.markReady();
  servers[0]?.connection.markReady();
  expect(book.all).toHaveLength(1);
  const { connection } = book.entry('in');
  expect(connection.protocol).toBe('v1');
  const peer = servers[0]?.connection.id;
  expect(connection.describe()).toEqual({ peer, remote: '127.0.0.1', device: 'cgminer/4' });
  const heard = book.listen('in');
  servers[0]?.tapped?.('received', 'a line of text');
  expect(heard).toEqual([['received', 'a line of text']]);
  socket.destroy();
  await until(() => book.entry('in').ended !== undefined);
});
