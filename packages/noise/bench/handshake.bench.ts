import {
  createEllSwiftKeypair,
  fastCrypto,
  finishInitiator,
  type NoiseCrypto,
  nobleCrypto,
  respond,
  startInitiator,
} from '@sv2kit/noise';
import { describe, test } from 'vitest';
import { authority, bytes32, identity, keypair, NOW } from '../test/fixtures.ts';

const server = identity();

/** The functions zero the secret they are given: each run gets the same pair anew. */
const fresh = (pair: ReturnType<typeof keypair>) => ({ secret: pair.secret.slice(), encoded: pair.encoded });

function steps(crypto: NoiseCrypto) {
  const initiator = keypair(300);
  const responder = keypair(400);
  const { act2 } = respond(initiator.encoded, fresh(responder), server, crypto);
  return {
    key: () => createEllSwiftKeypair(bytes32(1), bytes32(2), crypto),
    respond: () => respond(initiator.encoded, fresh(responder), server, crypto),
    finish: () => finishInitiator(startInitiator(fresh(initiator)).state, act2, { authority, now: NOW }, crypto),
  };
}

const fast = steps(fastCrypto);
const noble = steps(nobleCrypto);

describe('handshake, keys made ahead', () => {
  test('both sides', async ({ bench }) => {
    const both = (side: typeof fast) => () => {
      side.respond();
      side.finish();
    };
    await bench.compare(bench('fast', both(fast)), bench('noble', both(noble)));
  });

  test.for(['respond', 'finish', 'key'] as const)('%s', async (step, { bench }) => {
    const run = (side: typeof fast) => () => {
      side[step]();
    };
    await bench.compare(bench('fast', run(fast)), bench('noble', run(noble)));
  });
});
