// What the benches share: a sealed listener in this process, peers in another.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { mining } from '@sv2kit/codec';
import { createEllSwiftKeypair, decodeEllSwift, issueCertificate } from '@sv2kit/noise';
import { type Listener, listen, serve } from '../src/index.ts';

const secret = new Uint8Array(32).fill(3);
const staticKey = createEllSwiftKeypair(secret, secret);
const identity = {
  staticKey,
  certificate: issueCertificate({
    authoritySecret: new Uint8Array(32).fill(9),
    staticPublicKey: decodeEllSwift(staticKey.encoded),
    validFrom: 0,
    notValidAfter: 0xffff_ffff,
    auxRand: secret,
  }),
};

export interface BenchScene extends AsyncDisposable {
  readonly listener: Listener;
  /** Opens this many connections at once, having ended the ones before; resolves when all are set up. */
  open(count: number): Promise<void>;
}

export async function scene(): Promise<BenchScene> {
  const handler = { onMessage() {}, onClose() {} };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    identity: () => identity,
    services: [serve(mining, { accept: () => ({ kind: 'accept', handler }) })],
  });
  const peers = fork(fileURLToPath(new URL('./bench-peers.ts', import.meta.url)), [String(listener.port)]);
  await once(peers, 'message');
  return {
    listener,
    async open(count) {
      peers.send(count);
      await once(peers, 'message');
    },
    async [Symbol.asyncDispose]() {
      peers.kill();
      await listener.close();
    },
  };
}
