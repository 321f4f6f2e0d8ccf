import {
  createEllSwiftKeypair,
  fastCrypto,
  finishInitiator,
  type NoiseCrypto,
  nobleCrypto,
  respond,
  startInitiator,
} from '@sv2kit/noise';
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

/** What to measure: name -> one iteration. Keys are made ahead. Run by `npm run bench -- noise`. */
export const suite: Record<string, () => void> = {};
for (const [name, crypto] of [
  ['', fastCrypto],
  [', noble', nobleCrypto],
] as const) {
  const side = steps(crypto);
  suite[`responder, act 1 to act 2${name}`] = () => void side.respond();
  suite[`initiator, act 2 to keys${name}`] = () => void side.finish();
  suite[`both sides${name}`] = () => {
    side.respond();
    side.finish();
  };
  suite[`a new key pair${name}`] = () => void side.key();
}
