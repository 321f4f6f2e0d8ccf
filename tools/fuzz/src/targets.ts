import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  type MessageTable,
  mining,
  protocols,
  type Random,
  sampleMessage,
  SetupConnection,
} from '@sv2kit/codec';
import {
  ACT2_SIZE,
  createEllSwiftKeypair,
  decodeCertificate,
  decodeEllSwift,
  encodeCertificate,
  finishInitiator,
  formatAuthorityKey,
  issueCertificate,
  Opener,
  parseAuthorityKey,
  parseUrl,
  publicKeyOf,
  respond,
  Sealer,
  type ServerIdentity,
  startInitiator,
} from '@sv2kit/noise';
import { ClientSession, ServerSession } from '@sv2kit/session';
import { capnpTargets } from './capnp-targets.ts';
import { declarationTargets } from './declaration-targets.ts';
import { netTargets } from './net-targets.ts';
import { expectPeerErrorsOnly } from './peer-errors.ts';
import { bytes, integer, mutate, pieces } from './random.ts';
import type { Target } from './target.ts';
import { translatorTargets } from './translator-targets.ts';
import { v1Targets } from './v1-targets.ts';

const ALL_EXTENSIONS = new Set([1, 2]);
const LIMITS = { largest: 2_000, most: 40 };

const everyDefinition = new Set(
  protocols.flatMap((p) => [...p.fromClient.definitions, ...p.fromServer.definitions] as MessageDefinition[]),
);

/** Valid payloads with bytes changed, and noise: decoding throws nothing but its own error. */
const decodeTarget =
  (definition: MessageDefinition): Target =>
  (random) => {
    const valid = encodeFrame(definition, sampleMessage(definition, random, LIMITS), ALL_EXTENSIONS).subarray(
      HEADER_SIZE,
    );
    const input = random() < 0.2 ? bytes(random, integer(random, 400)) : mutate(random, valid);
    expectPeerErrorsOnly(() => decodePayload(definition, input, random() < 0.5 ? ALL_EXTENSIONS : new Set()));
  };

const setup = sampleSetup();
function sampleSetup(): Uint8Array {
  const text = { vendor: 'fuzz', hardwareVersion: '', firmware: '', deviceId: '', endpointHost: 'h' };
  const versions = { minVersion: 2, maxVersion: 2 };
  return encodeFrame(SetupConnection, {
    type: 'SetupConnection',
    protocol: 0,
    flags: 0,
    endpointPort: 1,
    ...versions,
    ...text,
  });
}

/** A stream of frames of one side, some of them damaged. */
function stream(random: Random, table: MessageTable): Uint8Array {
  const frames = Array.from({ length: 1 + integer(random, 6) }, () => {
    const definition = table.definitions[integer(random, table.definitions.length)] as MessageDefinition;
    const frame = encodeFrame(definition, sampleMessage(definition, random, LIMITS), ALL_EXTENSIONS);
    return random() < 0.3 ? mutate(random, frame) : frame;
  });
  return Uint8Array.of(...frames.flatMap((frame) => [...frame]));
}

/** A server session on plain frames in random pieces. */
const serverTarget: Target = (random) => {
  const required = random() < 0.3 ? [2] : [];
  const extensions = { supported: [2], required };
  const session = new ServerSession<typeof mining>({
    security: 'plain',
    offers: [{ protocol: mining, flags: 7 }],
    extensions,
  });
  const input = Uint8Array.of(...(random() < 0.9 ? setup : []), ...stream(random, mining.fromClient));
  expectPeerErrorsOnly(() => {
    for (const piece of pieces(random, input)) {
      for (const event of session.receive(piece)) if (event.type === 'setup') session.accept(0);
      session.drain();
    }
  });
};

/** A client session on plain frames in random pieces. */
const clientTarget: Target = (random) => {
  const { type: _, protocol: __, ...say } = sampleMessage(SetupConnection, random);
  const session = new ClientSession({ protocol: mining, setup: say, extensions: { supported: [2], required: [] } });
  expectPeerErrorsOnly(() => {
    for (const piece of pieces(random, stream(random, mining.fromServer))) {
      for (const event of session.receive(piece)) void event;
      session.drain();
    }
  });
};

const secret = (random: Random) => Uint8Array.of(1, ...bytes(random, 31));
const entropy = (random: Random) => bytes(random, 32);

function identity(random: Random): ServerIdentity & { readonly authority: Uint8Array } {
  const authoritySecret = secret(random);
  const key = secret(random);
  const certificate = issueCertificate({
    authoritySecret,
    staticPublicKey: publicKeyOf(key),
    validFrom: 0,
    notValidAfter: 0xffffffff,
    auxRand: entropy(random),
  });
  return {
    staticKey: createEllSwiftKeypair(key, entropy(random)),
    certificate,
    authority: publicKeyOf(authoritySecret),
  };
}
const server = identity(() => 0.5);

/** Act 1 is any 64 bytes: a responder answers each. Act 2 with one byte changed is refused. */
const handshakeTarget: Target = (random) => {
  respond(bytes(random, 64), createEllSwiftKeypair(secret(random), entropy(random)), server);
  const { act1, state } = startInitiator(createEllSwiftKeypair(secret(random), entropy(random)));
  const { act2 } = respond(act1, createEllSwiftKeypair(secret(random), entropy(random)), server);
  act2[integer(random, ACT2_SIZE)] = integer(random, 256) ^ 1;
  expectPeerErrorsOnly(() => finishInitiator(state, act2, { authority: server.authority, now: 1_000_000 }));
};

/** Sealed frames come back as they were; a changed byte is refused for ever. */
const sealTarget: Target = (random) => {
  const key = entropy(random);
  const [sealer, opener] = [new Sealer(key), new Opener(key)];
  for (let i = 0; i < 3; i += 1) {
    const definition = [...everyDefinition][integer(random, everyDefinition.size)] as MessageDefinition;
    const sealed = sealer.seal(encodeFrame(definition, sampleMessage(definition, random, LIMITS)));
    if (random() < 0.3) sealed[integer(random, sealed.length)] = integer(random, 256);
    expectPeerErrorsOnly(() => {
      opener.openHeader(sealed.subarray(0, 22));
      opener.openPayload(sealed.subarray(22));
    });
  }
};

/** Keys, certificates and URLs as people paste them. */
const textTarget: Target = (random) => {
  const key = formatAuthorityKey(server.authority);
  const damage = (text: string) => new TextDecoder('latin1').decode(mutate(random, new TextEncoder().encode(text)));
  expectPeerErrorsOnly(() => parseAuthorityKey(damage(key)));
  expectPeerErrorsOnly(() => parseUrl(damage(`stratum2+tcp://pool.example:3336/${key}`)));
  expectPeerErrorsOnly(() => decodeCertificate(mutate(random, encodeCertificate(server.certificate))));
  expectPeerErrorsOnly(() => decodeEllSwift(mutate(random, server.staticKey.encoded)));
};

/** Every fuzz target by name; one `decode:…` for each declared message. */
export const targets: Readonly<Record<string, Target>> = {
  ...Object.fromEntries(
    [...everyDefinition].map((d) => [`decode:${d.extensionType}:${d.specName}:${d.messageType}`, decodeTarget(d)]),
  ),
  'session:server': serverTarget,
  'session:client': clientTarget,
  'noise:handshake': handshakeTarget,
  'noise:seal': sealTarget,
  'noise:text': textTarget,
  ...capnpTargets,
  ...declarationTargets,
  ...netTargets,
  ...v1Targets,
  ...translatorTargets,
};
