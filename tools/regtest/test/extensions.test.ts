import { MAX_TARGET } from '@sv2kit/bitcoin';
import { encodeFrame, fromUtf8, readHeader, SubmitSharesExtended, utf8, writeHeader } from '@sv2kit/codec';
import type { ShareAccepted } from '@sv2kit/ledger';
import type { Pool } from '@sv2kit/pool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AnyMessage,
  eventually,
  Lab,
  type ManInTheMiddle,
  type RoleHere,
  type Share,
  type TestChannel,
  TestMiner,
} from '../src/index.ts';
import { recorded, shareKey } from './recorded.ts';

const WORKERS = 0x0002;
/** Extensions that nobody has defined: one the pools claim to speak, one that they do not know. */
const OTHER = 0x0123;
const UNKNOWN = 0x7abc;
/** Any hash is a share. */
const EVERY_HASH = { nominalHashRate: 1, maxTarget: MAX_TARGET };
/** Milliseconds: the client's patience where the answer does not come. */
const SOON = 20;

interface Place {
  readonly pool: RoleHere<Pool>;
  readonly middle: ManInTheMiddle;
  readonly journal: string;
}

let lab: Lab;
/** Takes everybody. */
let open: Place;
/** Only those who name the workers behind their shares. */
let strict: Place;
beforeAll(async () => {
  lab = await Lab.open('signet');
  const templateProviders = [lab.url(await lab.templateProvider())];
  const place = async (name: string, required: readonly number[]): Promise<Place> => {
    const dataDir = `${lab.folder}/${name}`;
    const load = { minDifficulty: 1e-12, sharesPerMinute: 1e6 };
    const pool = await lab.pool({ templateProviders, dataDir, supported: [WORKERS, OTHER], required, ...load });
    await pool.condition('templates', true);
    return { pool, middle: await lab.beforePool(pool.service.address.port), journal: `${dataDir}/journal` };
  };
  open = await place('open', []);
  strict = await place('strict', [WORKERS]);
});
afterAll(() => lab?.[Symbol.asyncDispose]());

type Wishes = NonNullable<Parameters<typeof TestMiner.connect>[0]['extensions']>;
const connect = ({ middle }: Place, extensions?: Wishes, extensionsMs?: number): Promise<TestMiner> =>
  TestMiner.connect({
    port: middle.port,
    authority: lab.authority.publicKey,
    ...(extensions && { extensions }),
    ...(extensionsMs !== undefined && { extensionsMs }),
  });

const served = async (miner: TestMiner): Promise<void> =>
  expect(await (await miner.open('extended', EVERY_HASH)).mine()).toBe('accepted');

/** What both said of extensions on the latest connection, in order. */
const negotiation = ({ middle }: Place): readonly AnyMessage[] =>
  middle.seen
    .filter(({ connection, message }) => connection === middle.connections - 1 && message.type.startsWith('RequestExt'))
    .map(({ message }) => message);
const request = (requestId: number, ...requestedExtensions: readonly number[]) =>
  ({ type: 'RequestExtensions', requestId, requestedExtensions }) as const;
const success = (requestId: number, ...supportedExtensions: readonly number[]) =>
  ({ type: 'RequestExtensionsSuccess', requestId, supportedExtensions }) as const;
const refusal = (requestId: number, unsupportedExtensions: readonly number[], requiredExtensions: readonly number[]) =>
  ({ type: 'RequestExtensionsError', requestId, unsupportedExtensions, requiredExtensions }) as const;

describe('extension 0x0001 with a pool that requires none', () => {
  test.each([
    { name: 'all it asks for', asked: [WORKERS, OTHER], answer: success(0, WORKERS, OTHER), agreed: [WORKERS, OTHER] },
    { name: 'what both know', asked: [UNKNOWN, WORKERS], answer: success(0, WORKERS), agreed: [WORKERS] },
    { name: 'nothing that it asks for', asked: [UNKNOWN], answer: refusal(0, [UNKNOWN], []), agreed: [] },
  ])('a client is granted $name, and served', async ({ asked, answer, agreed }) => {
    await using miner = await connect(open, { supported: asked, required: [] });
    expect(negotiation(open)).toEqual([request(0, ...asked), answer]);
    expect(miner.connection.extensions).toEqual(new Set(agreed));
    await served(miner);
  });

  test('a client that asks for nothing at all is served', async () => {
    await using miner = await connect(open);
    await served(miner);
    expect(negotiation(open)).toEqual([]);
  });

  test('an empty request is answered by an Error with empty lists, as deployed servers do, and ends nothing', async () => {
    await using miner = await connect(open);
    open.middle.skip();
    open.middle.inject('client', request(7));
    expect((await open.middle.next('RequestExtensionsError')).message).toEqual(refusal(7, [], []));
    await served(miner);
  });

  test('a client that requires what the pool does not know leaves', async () => {
    const refused = connect(open, { supported: [UNKNOWN], required: [UNKNOWN] });
    await expect(refused).rejects.toMatchObject({ code: 'extension-missing' });
  });
});

describe('extension 0x0001 with a pool that requires 0x0002', () => {
  test('a client that asks for it is served', async () => {
    await using miner = await connect(strict, { supported: [WORKERS], required: [] });
    expect(miner.connection.extensions).toEqual(new Set([WORKERS]));
    await served(miner);
  });

  test('a client that did not ask for it is told, asks again, and is served', async () => {
    await using miner = await connect(strict, { supported: [WORKERS, OTHER], requested: [OTHER], required: [] });
    expect(negotiation(strict)).toEqual([
      request(0, OTHER),
      refusal(0, [], [WORKERS]),
      request(1, OTHER, WORKERS),
      success(1, OTHER, WORKERS),
    ]);
    await served(miner);
  });

  test('a client that is told and asks without it once more is told again, and disconnected', async () => {
    const miner = await connect(strict);
    const closed = await closures(strict, 'extension-required');
    for (const requestId of [3, 4]) {
      strict.middle.skip();
      strict.middle.inject('client', request(requestId, UNKNOWN));
      const { message } = await strict.middle.next('RequestExtensionsError');
      expect(message).toEqual(refusal(requestId, [UNKNOWN], [WORKERS]));
    }
    await miner.closed();
    await closedOnceMore(strict, 'extension-required', closed);
  });

  test('a client that opens a channel instead of asking is disconnected', async () => {
    const miner = await connect(strict);
    const closed = await closures(strict, 'extension-required');
    miner.ask('standard');
    await miner.closed();
    expect(miner.messages.items).toEqual([]);
    await closedOnceMore(strict, 'extension-required', closed);
  });

  test('a client that does not know it leaves by itself', async () => {
    const refused = connect(strict, { supported: [UNKNOWN], required: [] });
    await expect(refused).rejects.toMatchObject({ code: 'extension-missing' });
  });
});

describe('a server that does not answer RequestExtensions (0x0001, 4)', () => {
  test('is gone on with after a while, without extensions', async () => {
    using _lost = open.middle.intercept(({ message }) => (message.type === 'RequestExtensions' ? 'drop' : undefined));
    await using miner = await connect(open, { supported: [WORKERS], required: [] }, SOON);
    expect(miner.connection.extensions).toEqual(new Set());
    await served(miner);
  });

  test('is left when an extension is required', async () => {
    using _lost = open.middle.intercept(({ message }) => (message.type === 'RequestExtensions' ? 'drop' : undefined));
    const refused = connect(open, { supported: [WORKERS], required: [WORKERS] }, SOON);
    await expect(refused).rejects.toMatchObject({ code: 'extension-missing' });
  });

  test('may answer late: from then on the extension is in use', async () => {
    using held = open.middle.hold('RequestExtensionsSuccess');
    await using miner = await connect(open, { supported: [WORKERS], required: [] }, SOON);
    expect(miner.connection.extensions).toEqual(new Set());
    await held.caught();
    held.release();
    const channel = await miner.open('extended', EVERY_HASH);
    expect(miner.connection.extensions).toEqual(new Set([WORKERS]));
    const share = await channel.solve({ userIdentity: utf8('late') });
    expect(await channel.submit(share)).toBe('accepted');
    expect(await workerInJournal(channel, share)).toBe('late');
  });
});

describe('extension 0x0002: the worker behind a share', () => {
  const bigEndian = (identity: string): Uint8Array =>
    Buffer.concat([Uint8Array.of(0, WORKERS, 1, 0, identity.length), utf8(identity)]);
  const littleEndian = (identity: string): Uint8Array =>
    Buffer.concat([Uint8Array.of(WORKERS, 0, 1, identity.length, 0), utf8(identity)]);
  const LONGEST = 'w'.repeat(32);
  const connectWith = (...supported: number[]): Promise<TestMiner> => connect(open, { supported, required: supported });

  test.each([
    { name: 'as deployed clients send it', tail: littleEndian('Worker_001'), worker: 'Worker_001' },
    { name: "in the byte order of the specification's example", tail: bigEndian('Worker_001'), worker: 'Worker_001' },
    { name: 'of 32 bytes', tail: littleEndian(LONGEST), worker: LONGEST },
    { name: 'of 32 bytes, the other way round', tail: bigEndian(LONGEST), worker: LONGEST },
  ])('is in the journal with it: $name', async ({ tail, worker }) => {
    await using miner = await connectWith(WORKERS);
    const channel = await miner.open('extended', EVERY_HASH);
    const share = await channel.solve();
    open.middle.injectFrame('client', withTail(share, tail));
    expect(await channel.answer(share)).toBe('accepted');
    expect(await workerInJournal(channel, share)).toBe(worker);
  });

  test('several workers share a channel, and a share that names none is taken', async () => {
    await using miner = await connectWith(WORKERS);
    const channel = await miner.open('extended', EVERY_HASH);
    for (const worker of ['one', 'two', undefined, 'one']) {
      const share = await channel.solve(worker === undefined ? {} : { userIdentity: utf8(worker) });
      expect(await channel.submit(share)).toBe('accepted');
      expect(await workerInJournal(channel, share)).toBe(worker);
    }
  });

  test.each([
    { name: 'as deployed clients send it', tail: littleEndian(`${LONGEST}!`) },
    { name: "in the byte order of the specification's example", tail: bigEndian(`${LONGEST}!`) },
  ])('of 33 bytes refuses the message and with it the connection: $name', async ({ tail }) => {
    await using miner = await connectWith(WORKERS);
    const channel = await miner.open('extended', EVERY_HASH);
    const refused = await closures(open, 'length-out-of-range');
    const share = await channel.solve();
    open.middle.injectFrame('client', withTail(share, tail));
    await miner.closed();
    await closedOnceMore(open, 'length-out-of-range', refused);
    expect(await inJournal(channel, share)).toEqual([]);
  });

  test.each([
    { name: 'nothing was', extensions: [] },
    { name: 'another extension was', extensions: [OTHER] },
  ])('is ignored where it was not negotiated, whatever its length: $name', async ({ extensions }) => {
    await using miner = await connectWith(...extensions);
    const channel = await miner.open('extended', EVERY_HASH);
    for (const tail of [littleEndian('Worker_001'), bigEndian('Worker_001'), littleEndian(`${LONGEST}!`)]) {
      const share = await channel.solve();
      open.middle.injectFrame('client', withTail(share, tail));
      expect(await channel.answer(share)).toBe('accepted');
      expect(await inJournal(channel, share)).toMatchObject([{ userIdentity: undefined }]);
    }
  });
});

/** How many connections have ended for a reason. */
async function closures({ pool }: Place, reason: string): Promise<number> {
  return (await pool.counters())[`sv2_pool_connections_closed_total{reason="${reason}"}`] ?? 0;
}

/** The pool counts a connection a little after its miner has lost it. @param before - as `closures` had it */
function closedOnceMore(place: Place, reason: string, before: number): Promise<true> {
  const look = async (): Promise<true | undefined> => (await closures(place, reason)) === before + 1 || undefined;
  return eventually(`the pool to end a connection as ${reason}`, look);
}

/** The records of an accepted share; whatever has been acknowledged is there. */
async function inJournal({ opened }: TestChannel, { sequenceNumber }: Share): Promise<readonly ShareAccepted[]> {
  const prefix = Buffer.from(opened.extranoncePrefix).toString('hex');
  return (await recorded(open.journal)).shares.get(shareKey(prefix, sequenceNumber)) ?? [];
}

async function workerInJournal(channel: TestChannel, share: Share): Promise<string | undefined> {
  const found = await inJournal(channel, share);
  expect(found).toHaveLength(1);
  return found[0]?.userIdentity && fromUtf8(found[0].userIdentity);
}

/** The frame of a share with bytes behind its fields. */
function withTail(share: Share, tail: Uint8Array): Uint8Array {
  if (share.type !== 'SubmitSharesExtended') throw new TypeError('only extended shares have such fields');
  const frame = Buffer.concat([encodeFrame(SubmitSharesExtended, share), tail]);
  const header = readHeader(frame);
  writeHeader({ ...header, length: header.length + tail.length }, frame);
  return frame;
}
