// Ten thousand misbehaving peers over real sockets: nothing of them stays in memory, and another peer is served meanwhile.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeFrame, SubmitSharesStandard } from '@sv2kit/codec';
import { expect, test } from 'vitest';
import { type Stage, setupFrame, stage, until } from './peers.ts';

const PEERS = 10_000;
const AT_ONCE = 100;
const share = encodeFrame(SubmitSharesStandard, {
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
});
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What misbehaving peers send; those that then wait are ended by the clock. */
const PLAIN: readonly Uint8Array[] = [
  Buffer.from('GET / HTTP/1.1\r\nHost: pool\r\n\r\n'),
  new Uint8Array(0),
  setupFrame({ protocol: 9 }),
  setupFrame({ minVersion: 7, maxVersion: 7 }),
  setupFrame({ flags: 0xffff_ffff }),
  share,
  join(setupFrame(), setupFrame()),
  join(setupFrame(), Uint8Array.of(0, 0, 0x1a, 0xff, 0xff, 0xff)),
  join(setupFrame(), Uint8Array.of(0, 0, 0xee, 0, 0, 0)),
  // Half a frame, of an extension that may be large.
  join(setupFrame(), Uint8Array.of(0, 0x40, 0, 0, 0xff, 0), new Uint8Array(20_000)),
];
const SEALED: readonly Uint8Array[] = [new Uint8Array(0), new Uint8Array(63), new Uint8Array(65), new Uint8Array(64)];

async function open(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Lets a batch of peers misbehave, then lets time pass until all of them are gone. */
async function batch(scene: Stage, kinds: readonly Uint8Array[]): Promise<void> {
  const { port } = scene.listener;
  const before = scene.listener.connections;
  const sockets = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, i) => open(port, kinds[i % kinds.length] as Uint8Array)),
  );
  const gone = Promise.all(sockets.map(async (socket) => socket.closed || once(socket, 'close')));
  let done = false;
  void gone.then(() => {
    done = true;
  });
  while (!done || scene.listener.connections > before) {
    scene.clock.advance(5_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

test.each([
  { name: 'plain', secure: false, kinds: PLAIN, peers: PEERS * 0.8 },
  { name: 'sealed', secure: true, kinds: SEALED, peers: PEERS * 0.2 },
])(
  '$peers misbehaving $name peers leave the heap within 5 % and others alone',
  async ({ secure, kinds, peers }) => {
    await using scene = await stage({ secure });
    const bystander = await scene.client();
    const rounds = peers / AT_ONCE;
    for (let warm = 0; warm < rounds / 10; warm += 1) await batch(scene, kinds);
    scene.servers.length = 1;
    const before = await heapUsed();
    for (let round = 0; round < rounds; round += 1) {
      await batch(scene, kinds);
      scene.servers.length = 1;
    }
    const after = await heapUsed();
    expect(after / before).toBeLessThan(1.05);
    bystander.connection.sendFrame(share);
    await until(() => scene.servers[0]?.messages.length === 1);
    expect([scene.listener.connections, scene.listener.handshakes]).toEqual([1, 0]);
    expect(scene.counts.counts.bugs).toBeUndefined();
  },
  60_000,
);
