import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { MessageBuilder } from '@sv2kit/capnp';
import { systemClock, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isIpcError } from '../src/ipc/client/ipc-error.ts';
import { IPC_LIMITS } from '../src/ipc/client/limits.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { results, ScriptedIpcPeer, silence } from './scripted-ipc-peer.ts';
import { SCRIPTED } from './scripted-node.ts';

const RESERVE = { reservedWeight: 8_000, sigops: 400 };
const MEBIBYTE = 1024 * 1024;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipc-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const connecting = (path: string, clock = systemClock): Promise<unknown> =>
  MiningClient.connect({ path, clock }).then(
    (client) => client.close(),
    (error: unknown) => error,
  );

/** A message of a kind that nobody knows, which comes back as it is. */
function unknownMessage(bytes: number): Uint8Array {
  const message = new MessageBuilder();
  const root = message.root(1, 1);
  root.u16(0, 13);
  root.data(0, new Uint8Array(bytes));
  return message.frame();
}

async function serving(serve: (socket: Socket) => void) {
  const path = join(folder, 'node.sock');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { path, [Symbol.asyncDispose]: dispose };
}

test('who says much and reads nothing is given up before the answers fill the memory', {
  timeout: 30_000,
}, async () => {
  let sent = 0;
  await using server = await serving((socket) => {
    const message = unknownMessage(MEBIBYTE);
    socket.pause();
    const more = (): void => {
      while (!socket.destroyed && sent < 512) {
        sent += 1;
        if (!socket.write(message)) return void socket.once('drain', more);
      }
    };
    more();
  });
  expect(await connecting(server.path)).toMatchObject({
    code: 'overloaded',
    details: { bytes: expect.toSatisfy((bytes: number) => bytes < IPC_LIMITS.unsentBytes + 2 * MEBIBYTE) },
    message: expect.stringMatching(/does not read what it is sent \(\d+ bytes wait\): see .*restart it then/),
  });
});

test('who closes one half of the connection has ended it', async () => {
  await using peer = await ScriptedIpcPeer.start('31', { 'Mining@2': () => silence });
  await using server = await serving((socket) => {
    // Passes on until told to end, and then ends one half alone.
    const node = connect({ path: peer.path });
    node.on('error', () => {});
    socket.pipe(node);
    node.on('data', (chunk) => socket.write(chunk));
    void peer.called('Mining@2').then(() => socket.end());
  });
  const client = await MiningClient.connect({ path: server.path, clock: systemClock });
  const lane = await client.lane('work');
  const error = await client.getTip(lane).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'disconnected', message: expect.stringMatching(/went away/) });
  await client.close();
});

test('a node of version 30 whose socket is gone when its age is looked at is left alone as if it had just started', async () => {
  const clock = new VirtualClock();
  const after = vi.spyOn(clock, 'after');
  let remove = async (): Promise<void> => {};
  await using peer = await ScriptedIpcPeer.start('30', {
    'Init@2': async () => {
      await remove();
      return results(0, 1, (answer, host) => answer.capability(0, host('Mining')));
    },
  });
  remove = async () => await rm(peer.path);
  const connected = connecting(peer.path, clock);
  await vi.waitFor(() => expect(after).toHaveBeenCalledWith(IPC_LIMITS.settlingMs, expect.any(Function)));
  expect(peer.names).not.toContain('Mining@3');
  clock.advance(IPC_LIMITS.settlingMs);
  expect(await connected).toBeUndefined();
});

test.each([Number.POSITIVE_INFINITY, Number.MAX_VALUE, 2 ** 31])(
  'a wait of %d ms is waited for, not given up at once',
  async (timeoutMs) => {
    await using peer = await ScriptedIpcPeer.start('31');
    const warned = vi.fn<(warning: Error) => void>();
    process.on('warning', warned);
    const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
    const lane = await client.lane('wait');
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    const waits = Promise.all([
      client.waitTipChanged(lane, SCRIPTED.tip.hash, timeoutMs),
      template?.waitNext(lane, { timeoutMs }),
    ]);
    await peer.called('BlockTemplate@8');
    // A timer that is set to too much goes off at once.
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(client.stats.callsInFlight).toBe(2);
    await client.close();
    expect(await waits).toEqual([undefined, undefined]);
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  },
);

test('on version 30 fees are looked at though the clock was set back by an hour', async () => {
  const clock = new VirtualClock();
  let nowMs = 10_000_000;
  let asked = 0;
  const back = { now: () => nowMs, every: clock.every.bind(clock), after: clock.after.bind(clock) };
  let made = 0;
  const fees = new Map<number, bigint>();
  await using peer = await ScriptedIpcPeer.start('30', {
    'Mining@3': () => {
      asked += 1;
      if (asked > 60) return results(0, 1);
      nowMs += asked === 3 ? -3_600_000 : 1_000;
      return results(1, 1, (answer) => answer.struct(0, 1, 1).data(0, SCRIPTED.tip.hash));
    },
    'BlockTemplate@3': ({ target }) => {
      if (!fees.has(target)) fees.set(target, BigInt((made += 1)) * 1_000n);
      return results(0, 1, (answer) => answer.int64List(0, [fees.get(target) ?? 0n]));
    },
  });
  const client = await MiningClient.connect({ path: peer.path, clock: back });
  const lane = await client.lane('work');
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
  expect(await template?.waitNext(lane, { timeoutMs: 30_000, feeThreshold: 1n })).toBeDefined();
  expect(asked).toBeLessThan(12);
  asked = 0;
  expect(await template?.waitNext(lane, { timeoutMs: 30_000 })).toBeUndefined();
  expect(asked).toBeLessThan(40);
  await client.close();
});

test.each(['with spaces', 'ünïcode ✓', 'quoted "and\' \\ all'])(
  'a socket may be in a folder with any name: %j',
  async (name) => {
    await using peer = await ScriptedIpcPeer.start('31');
    const odd = join(folder, name);
    await mkdir(odd);
    await symlink(peer.path, join(odd, 'node.sock'));
    expect(await connecting(join(odd, 'node.sock'))).toBeUndefined();
    expect(await connecting(relative(process.cwd(), join(odd, 'node.sock')))).toBeUndefined();
    const error = await connecting(join(odd, 'other.sock'));
    expect(error).toMatchObject({ code: 'socket-missing' });
  },
);

test.each(['', '\0abstract', 'a\0b'])('the path %j, which names no file, is told in words', async (path) => {
  const error = await connecting(path);
  expect(isIpcError(error, 'socket-missing')).toBe(true);
});

test('a symbolic link that leads nowhere, or round and round, is no socket', async () => {
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling.sock'));
  await symlink(join(folder, 'loop.sock'), join(folder, 'loop.sock'));
  expect(await connecting(join(folder, 'dangling.sock'))).toMatchObject({ code: 'socket-missing' });
  expect(await connecting(join(folder, 'loop.sock'))).toMatchObject({ code: 'socket-missing' });
});

test('a node that takes the connection and is replaced by another is gone, and the other is connected to', async () => {
  await using first = await ScriptedIpcPeer.start('31');
  const client = await MiningClient.connect({ path: first.path, clock: systemClock });
  await rm(first.path);
  const server = createServer((socket) => void socket.destroy());
  server.listen(first.path);
  await once(server, 'listening');
  expect(await client.isTestChain(await client.lane('still'))).toBe(true);
  first.disconnect();
  expect(await client.ended).toMatchObject({ code: 'disconnected' });
  expect(await connecting(first.path)).toMatchObject({ code: 'disconnected' });
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test('the bound on what waits to be sent leaves room for two of the largest messages', () => {
  expect(IPC_LIMITS.unsentBytes).toBeGreaterThanOrEqual(2 * IPC_LIMITS.messageBytes);
});

test('a node that says of a call that it is disconnected is connected to anew: nothing comes of this connection', async () => {
  const reason = 'IPC client method called after disconnect.';
  await using peer = await ScriptedIpcPeer.start('31', {
    'Mining@2': () => ({ kind: 'exception', type: 'disconnected', reason }),
  });
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  const error = await client.getTip(await client.lane('work')).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'disconnected', method: 'Mining.getTip' });
  expect(await client.ended).toMatchObject({ code: 'disconnected', message: expect.stringContaining(reason) });
  await client.close();
});

test('an Abort is told as what the node said', async () => {
  await using peer = await ScriptedIpcPeer.start('31', { 'Mining@2': () => ({ kind: 'abort', reason: 'tired' }) });
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  await client.getTip(await client.lane('work')).catch(() => {});
  expect((await client.ended).message).toBe(
    `the connection to the node at ${peer.path} is over (the peer ended the connection: tired): ` +
      'see its debug.log for the reason',
  );
  await client.close();
});

test.each(['30', '31', '32'] as const)(
  'a node of version %s that hangs holds up closing for seconds, not for the deadline of a call',
  async (generation) => {
    const clock = new VirtualClock();
    let hangs = false;
    const hung = () => (hangs ? silence : undefined);
    await using peer = await ScriptedIpcPeer.start(generation, {
      'Mining@2': () => silence,
      'Mining@6': () => silence,
      'BlockTemplate@8': () => silence,
      'BlockTemplate@9': hung,
    });
    hangs = true;
    const client = await MiningClient.connect({ path: peer.path, clock });
    const lane = await client.lane('wait');
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    const waits = [
      client.getTip(await client.lane('ask')),
      client.waitTipChanged(await client.lane('tips'), SCRIPTED.tip.hash, 30_000),
      template?.waitNext(lane, { timeoutMs: 30_000 }),
    ].map((wait) => wait?.catch(() => {}));
    await peer.called('Mining@2');
    let isClosed = false;
    const closing = client.close().then(() => {
      isClosed = true;
    });
    const startedMs = clock.now();
    while (!isClosed) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (!isClosed) await clock.advanceAsync(100);
    }
    expect(clock.now() - startedMs).toBeLessThanOrEqual(2 * IPC_LIMITS.closeTimeoutMs + 1_000);
    await Promise.all([closing, ...waits]);
  },
);
