import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IPC_LIMITS } from '../src/ipc/client/limits.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { socketFailure } from '../src/ipc/client/socket.ts';
import { results, ScriptedIpcPeer, silence, unimplemented } from './scripted-ipc-peer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipc-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const connecting = (path: string, clock = systemClock): Promise<unknown> =>
  MiningClient.connect({ path, clock }).then(
    (client) => client,
    (error: unknown) => error,
  );

test('a path that is too long is refused before it is cut off, with the remedy', async () => {
  const path = join(folder, 'x'.repeat(108));
  expect(await connecting(path)).toMatchObject({
    code: 'path-too-long',
    message: expect.stringMatching(/has \d+ bytes and 10[37] is the most.*-ipcbind=unix:/),
  });
});

test('a path of the longest kind is only missing', async () => {
  const path = '/'.repeat(process.platform === 'linux' ? 107 : 103).replace(/.$/, 'x');
  expect(await connecting(path)).toMatchObject({ code: 'socket-missing' });
});

test('no socket at the path: start the node with -ipcbind=unix, or correct the path', async () => {
  expect(await connecting(join(folder, 'node.sock'))).toMatchObject({
    code: 'socket-missing',
    message: expect.stringMatching(/there is no socket at .*node\.sock: start the node with -ipcbind=unix/),
  });
  expect(await connecting(join(folder, 'file', 'node.sock'))).toMatchObject({ code: 'socket-missing' });
});

test('a file or a folder is no socket', async () => {
  await writeFile(join(folder, 'file'), '');
  await mkdir(join(folder, 'dir'));
  expect(await connecting(join(folder, 'file'))).toMatchObject({
    code: 'not-a-socket',
    message: expect.stringMatching(/is a file/),
  });
  expect(await connecting(join(folder, 'dir'))).toMatchObject({
    code: 'not-a-socket',
    message: expect.stringMatching(/is a folder/),
  });
});

test('the socket of a node that is down', async () => {
  const server = await listening(join(folder, 'first.sock'), () => {});
  await rename(join(folder, 'first.sock'), join(folder, 'node.sock'));
  await server[Symbol.asyncDispose]();
  expect(await connecting(join(folder, 'node.sock'))).toMatchObject({
    code: 'socket-refused',
    message: expect.stringMatching(
      /nobody listens at .*the node is down or runs without IPC: start the node with -ipcbind/,
    ),
  });
});

test.each([
  ['EACCES', 'permission-denied', /no permission to open \/x\/node\.sock: .*-startupnotify="chgrp/],
  ['EPERM', 'permission-denied', /run as the node's user/],
  ['ECONNREFUSED', 'socket-refused', /the node is down/],
  ['ENOENT', 'socket-missing', /-ipcbind=unix/],
  ['EAGAIN', 'overloaded', /the node at \/x\/node\.sock takes no connections.*whether it hangs, and restart it/],
  ['EMFILE', 'disconnected', /cannot connect to \/x\/node\.sock \(EMFILE: .*\)/],
])('what the system means by %s', (code, ours, says) => {
  const cause = Object.assign(new Error(`${code}: of the system`), { code });
  expect(socketFailure('/x/node.sock', cause)).toMatchObject({ code: ours, message: expect.stringMatching(says) });
});

test.each<[who: string, serve: (socket: Socket) => void]>([
  ['an HTTP server', (socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
  ['noise', (socket) => socket.write(Uint8Array.from({ length: 64 }, (_, index) => index * 37))],
])('%s is told from a node', async (_who, serve) => {
  await using server = await listening(join(folder, 'node.sock'), serve);
  expect(await connecting(server.path)).toMatchObject({
    code: 'not-a-node',
    message: expect.stringMatching(/does not speak Bitcoin Core's IPC .*name the socket of a Bitcoin Core/),
  });
});

test("another service of Cap'n Proto is told from a node", async () => {
  await using peer = await ScriptedIpcPeer.start('31', { 'Init@0': () => unimplemented });
  expect(await connecting(peer.path)).toMatchObject({ code: 'not-a-node' });
});

test('somebody who hangs up without a word may be a node that stops', async () => {
  await using server = await listening(join(folder, 'node.sock'), (socket) => socket.end());
  expect(await connecting(server.path)).toMatchObject({
    code: 'disconnected',
    message: expect.stringMatching(
      /closed the connection without an answer: a node that is stopping, or something else/,
    ),
  });
});

test('somebody who never says a word is given up', async () => {
  const clock = new VirtualClock();
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
  await using server = await listening(join(folder, 'node.sock'), (socket) => socket.once('data', () => hear()));
  const error = connecting(server.path, clock);
  await heard;
  clock.advance(IPC_LIMITS.greetingTimeoutMs);
  expect(await error).toMatchObject({
    code: 'timeout',
    message: expect.stringMatching(/did not answer in 30 s: a node that hangs, or something else/),
  });
});

test('a node that loads its chain is waited for, for ten minutes', async () => {
  const clock = new VirtualClock();
  await using peer = await ScriptedIpcPeer.start('31', { 'Init@3': () => silence });
  const error = connecting(peer.path, clock);
  await peer.called('Init@3');
  clock.advance(IPC_LIMITS.loadingTimeoutMs - 1);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  expect(await error).toMatchObject({
    code: 'loading',
    message: expect.stringMatching(/has not loaded its chain in 600 s: wait until its debug\.log/),
  });
});

test('a node of version 30 that has just started is left alone for ten seconds: it would die of a call', async () => {
  const clock = new VirtualClock();
  const after = vi.spyOn(clock, 'after');
  await using peer = await ScriptedIpcPeer.start('30');
  await utimes(peer.path, clock.now() / 1_000, clock.now() / 1_000 - 4);
  const client = MiningClient.connect({ path: peer.path, clock });
  await vi.waitFor(() => expect(after).toHaveBeenCalledWith(6_000, expect.any(Function)));
  clock.advance(5_999);
  expect(peer.names.at(-1)).toBe('Init@2');
  clock.advance(1);
  await (await client).close();
  expect(peer.names).toContain('Mining@3');
});

test('a signal ends the wait for a node that loads', async () => {
  await using peer = await ScriptedIpcPeer.start('31', { 'Init@3': () => silence });
  const controller = new AbortController();
  const client = MiningClient.connect({ path: peer.path, clock: systemClock, signal: controller.signal });
  await peer.called('Init@3');
  controller.abort(new Error('no time'));
  await expect(client).rejects.toThrow('no time');
  await expect(
    MiningClient.connect({ path: peer.path, clock: systemClock, signal: controller.signal }),
  ).rejects.toThrow('no time');
});

test('a node that stops while it is connected to', async () => {
  await using peer = await ScriptedIpcPeer.start('31', { 'Init@3': () => results(0, 1) });
  expect(await connecting(peer.path)).toMatchObject({
    code: 'disconnected',
    message: expect.stringMatching(/is stopping: start it again/),
  });
});

/** A server that is no node. */
async function listening(path: string, serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
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
