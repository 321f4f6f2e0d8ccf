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
