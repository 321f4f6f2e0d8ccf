import { spawnSync } from 'node:child_process';
import { finishInitiator, type ServerIdentity, startInitiator } from '@sv2kit/noise';
import type { HandshakeResult } from '@sv2kit/session';
import { describe, expect, test } from 'vitest';
import { ephemeralKey, type Handshaker, inlineHandshakes, workerHandshakes } from '../src/index.ts';
import { authority, newIdentity, stage, until } from './peers.ts';

const NOW = 1_700_000_000;

/** One handshake through a handshaker; yields the server's key as the client saw it. */
async function shake(handshakes: Handshaker, identity: ServerIdentity): Promise<Uint8Array> {
  const { act1, state } = startInitiator(ephemeralKey());
  const result = await new Promise<HandshakeResult | Error>((done) => {
    handshakes.respond({ act: act1, identity, abandoned: false, done });
  });
  if (result instanceof Error) throw result;
  const keys = finishInitiator(state, result.reply as Uint8Array, { authority, now: NOW });
  expect(keys.sendKey).toEqual(new Uint8Array(result.keys.receiveKey));
  expect(keys.receiveKey).toEqual(new Uint8Array(result.keys.sendKey));
  return keys.serverKey;
}

describe('handshakes off the event loop (§4.5)', () => {
  test('workers answer as the thread itself does, each job under its own identity', async () => {
    const handshakes = workerHandshakes({ workers: 2 });
    const identities = [newIdentity(3), newIdentity(5)] as const;
    const wanted = await Promise.all(identities.map((identity) => shake(inlineHandshakes(), identity)));
    const jobs = Array.from({ length: 40 }, (_, i) => shake(handshakes, identities[(i >> 1) % 2] as ServerIdentity));
    expect(handshakes.waiting).toBe(40);
    const keys = await Promise.all(jobs);
    expect(keys).toEqual(jobs.map((_, i) => wanted[(i >> 1) % 2]));
    expect(handshakes.waiting).toBe(0);
    await handshakes.close();
  });

  test('a job whose peer has gone is dropped', async () => {
    const handshakes = workerHandshakes({ workers: 1 });
    const answered: string[] = [];
    const job = (name: string, abandoned: boolean) => {
      const done = () => answered.push(name);
      handshakes.respond({ act: startInitiator(ephemeralKey()).act1, identity: newIdentity(), abandoned, done });
    };
    job('first', false);
    job('gone', true);
    job('last', false);
    await until(() => answered.length === 2);
    expect(answered).toEqual(['first', 'last']);
    await handshakes.close();
  });

  test('when the workers are gone, this thread does the work', async () => {
    const handshakes = workerHandshakes({ workers: 0 });
    await shake(handshakes, newIdentity());
    await handshakes.close();
  });

  test('a worker that dies takes only its own handshakes along, told as failed, and is replaced', async () => {
    const program = new URL('fixtures/mortal-worker.ts', import.meta.url);
    const handshakes = workerHandshakes({ workers: 1, program });
    const identity = newIdentity();
    for (let life = 0; life < 3; life += 1) {
      await shake(handshakes, identity);
      const killed = new Promise<HandshakeResult | Error>((done) => {
        handshakes.respond({ act: new Uint8Array(64), identity, abandoned: false, done });
      });
      const queued = shake(handshakes, newIdentity(5));
      // A worker computes it: this thread would have answered already.
      expect(handshakes.waiting).toBe(2);
      expect(await killed).toEqual(new Error('the handshake worker failed'));
      await queued;
    }
    await handshakes.close();
  });

  test('a worker that cannot start is not replaced: this thread does its work', async () => {
    const program = new URL('fixtures/stillborn-worker.ts', import.meta.url);
    const handshakes = workerHandshakes({ workers: 2, program });
    await Promise.all([1, 2, 3].map(() => shake(handshakes, newIdentity())));
    expect(handshakes.waiting).toBe(0);
    const late = shake(handshakes, newIdentity());
    expect(handshakes.waiting).toBe(0);
    await late;
    await handshakes.close();
  });

  test('workers run whatever the process was started with', () => {
    const script = `
      import { ephemeralKey, workerHandshakes } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error: (...said) => console.log(...said), child: () => log };
      const handshakes = workerHandshakes({ workers: 1, log });
      const alive = setInterval(() => {}, 1000);
      handshakes.respond({ act: new Uint8Array(64), identity: {}, abandoned: false, done: async () => {
        console.log('answered by a worker');
        await handshakes.close();
        clearInterval(alive);
      } });
      console.log(handshakes.waiting, 'waiting');
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual(['1 waiting', 'answered by a worker']);
  });

  test('a certificate renewed while listening is shown from the next handshake on (§4.5.3)', async () => {
    let identity = newIdentity(3, -7200, -3600);
    await using scene = await stage({ secure: true, identity: () => identity });
    await expect(scene.client()).rejects.toMatchObject({ code: 'certificate-expired' });
    identity = newIdentity(5);
    const client = await scene.client();
    expect(client.connection.usedVersion).toBe(2);
  });

  test('a client refuses a server that its authority did not sign (§4.5.3)', async () => {
    await using scene = await stage({ secure: true });
    await expect(scene.client({ authority: new Uint8Array(32).fill(1) })).rejects.toMatchObject({
      code: 'certificate-signature',
    });
    const { connection } = await scene.client({ authority: undefined });
    expect(connection.usedVersion).toBe(2);
  });
});
