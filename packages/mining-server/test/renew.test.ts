import { decodeCountedOutputs, joinCoinbase, parseTransaction } from '@sv2kit/bitcoin';
import { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION } from '@sv2kit/codec';
import type { ChannelClient, Payout } from '@sv2kit/mining';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AcceptedShare, Authorisation, ExtranoncePlace } from '../src/index.ts';
import { draft, selecting, TestJudge, workOf } from './custom-support.ts';
import { bytes, rig, solve, template, tip, type TestMiner } from './support.ts';

const types = (messages: readonly { type: string }[]) => messages.map(({ type }) => type);
const within = (fill: number, prefixSize = 4, extranonceSize = 16, indexBytes = 2): ExtranoncePlace => ({
  within: { prefix: bytes(prefixSize, fill), extranonceSize },
  indexBytes,
});
const errors = (miner: TestMiner) => miner.of('SubmitSharesError').map(({ errorCode }) => errorCode);
const payTo = (value: () => number): Payout => ({
  id: 'changing',
  outputs: (all) => [{ value: all, script: Uint8Array.of(0x51, value()) }],
});

describe('renew() to an upstream’s extended channel', () => {
  test.each([
    ['of a group', 0],
    ['with jobs of its own', REQUIRES_STANDARD_JOBS],
  ] as const)('gives every channel %s its prefix, then its jobs, in one turn (§5.3.10)', async (_, flags) => {
    const { connect, server, settle } = rig();
    server.prepare(template(8));
    await settle();
    const miner = connect(flags);
    const kinds = flags === 0 ? (['standard', 'extended', 'extended'] as const) : (['standard', 'standard'] as const);
    const clients = kinds.map((kind) => miner.open(kind, { minExtranonceSize: 2 }));
    miner.take();
    server.renew({ extranonce: within(0xaa) });
    await Promise.resolve();
    const prefixes = miner.of('SetExtranoncePrefix');
    expect(prefixes.map(({ channelId }) => channelId)).toEqual(clients.map(({ channel }) => channel?.channelId));
    const jobs = types(miner.sent).slice(prefixes.length);
    const job = flags === 0 ? 'NewExtendedMiningJob' : 'NewMiningJob';
    expect(jobs).toEqual(Array.from({ length: flags === 0 ? 2 : 4 }, () => job));
    clients.forEach(({ channel }, index) => {
      const { extranoncePrefix = bytes(0, 0), extranonceSize = 0 } = channel ?? {};
      expect(extranoncePrefix.subarray(0, 6)).toEqual(Uint8Array.of(0xaa, 0xaa, 0xaa, 0xaa, 0, index));
      expect(extranoncePrefix.length + extranonceSize).toBe(20);
    });
    for (const client of clients) miner.says(solve(client));
    expect(errors(miner)).toEqual([]);
  });

  test('leaves what an extended channel rolls, and judges shares on earlier jobs with their own prefix and size', async () => {
    const { connect, server, settle } = rig();
    const miner = connect();
    const clients = [miner.open('extended', { minExtranonceSize: 6 }), miner.open('standard')];
    const before = clients.map((client) => client.currentWork());
    server.renew({ extranonce: within(0xaa, 7, 11) });
    await settle();
    server.renew({ extranonce: within(0xbb, 5, 9) });
    await settle();
    expect(clients.map(({ channel }) => channel?.extranonceSize)).toEqual([6, 0]);
    expect(clients.map(({ channel }) => channel?.extranoncePrefix.length)).toEqual([8, 14]);
    clients.forEach((client, i) => {
      const work = before[i];
      if (work === undefined) throw new Error('no work');
      miner.says(solve(client, { work }));
      miner.says(solve(client, { from: 50_000 }));
    });
    expect(errors(miner)).toEqual([]);
  });

  test('closes the channels that roll more than there is left, and nobody else', async () => {
    const { connect, server, settle, journal } = rig();
    const miner = connect();
    const [small, large] = [2, 12].map((minExtranonceSize) => miner.open('extended', { minExtranonceSize }));
    const alone = connect();
    const huge = alone.open('extended', { minExtranonceSize: 20 });
    server.renew({ extranonce: within(0xaa, 4, 13) });
    await settle();
    expect(miner.of('CloseChannel')).toEqual([
      { type: 'CloseChannel', channelId: expect.any(Number), reasonCode: 'extranonce-too-small' },
    ]);
    expect([small, large, huge].map((client) => client?.phase)).toEqual(['open', 'closed', 'closed']);
    expect([miner.ended, alone.ended]).toEqual([undefined, undefined]);
    expect(journal.of('ChannelClosed').map(({ reason }) => reason)).toEqual(Array(2).fill('extranonce-too-small'));
    miner.says(solve(small as ChannelClient));
    expect(errors(miner)).toEqual([]);
    expect(server.status().channels).toBe(1);
  });

  test('opens channels there from then on, with no more extranonce than there is', async () => {
    const { connect, server, settle } = rig({ config: { extranonce: within(0xcc, 3, 10) } });
    const miner = connect();
    const client = miner.open('extended', { minExtranonceSize: 8 });
    expect(client.channel).toMatchObject({
      extranoncePrefix: Uint8Array.of(0xcc, 0xcc, 0xcc, 0, 0),
      extranonceSize: 8,
    });
    miner.open('extended', { minExtranonceSize: 9 });
    expect(miner.of('OpenMiningChannelError').map(({ errorCode }) => errorCode)).toEqual([
      'min-extranonce-size-too-large',
    ]);
    expect(miner.open('standard').channel?.extranoncePrefix).toHaveLength(13);
    server.renew({ extranonce: within(0xdd, 3, 20) });
    expect(miner.open('extended', { minExtranonceSize: 9 }).channel?.extranoncePrefix.subarray(0, 3)).toEqual(
      bytes(3, 0xdd),
    );
    await settle();
    for (const each of miner.clients.filter(({ phase }) => phase === 'open')) miner.says(solve(each));
    expect(errors(miner)).toEqual([]);
  });

  test('reaches a channel whose user was being authorised meanwhile', async () => {
    let admit: (answer: Authorisation) => void = () => {};
    const payout = payTo(() => 1);
    const authorise = () => new Promise<Authorisation>((resolve) => (admit = resolve));
    const { connect, server, settle } = rig({ deps: { authorise } });
    const miner = connect();
    const clients = [miner.open('extended', { minExtranonceSize: 12 })];
    const first = admit;
    clients.push(miner.open('extended', { minExtranonceSize: 4 }));
    server.renew({ extranonce: within(0xaa, 4, 13) });
    await settle();
    for (const answer of [first, admit]) answer({ kind: 'admitted', payout });
    await settle();
    await Promise.resolve();
    expect(miner.of('OpenMiningChannelError').map(({ errorCode }) => errorCode)).toEqual([
      'min-extranonce-size-too-large',
    ]);
    miner.says(solve(clients[1] as ChannelClient));
    expect(errors(miner)).toEqual([]);
  });

  test('reaches channels that bring their own jobs: the next one is judged with the new prefix', async () => {
    const judge = new TestJudge();
    const made = rig({ deps: { customJobs: judge } });
    const { miner, client, channelId } = selecting(made);
    const first = draft(channelId);
    miner.says(first);
    const work = workOf(miner, client, first);
    made.server.renew({ extranonce: within(0xaa) });
    await made.settle();
    expect(miner.of('SetExtranoncePrefix')).toMatchObject([{ channelId }]);
    miner.says(solve(client, { work }));
    const { coinbasePrefix } = first;
    const longer = { coinbasePrefix: Uint8Array.of(...coinbasePrefix.slice(0, -1), 20) };
    const second = draft(channelId, { requestId: 2, template: template(2), overrides: longer });
    miner.says(first);
    miner.says(second);
    expect(judge.requests.at(-1)?.fullExtranonceSize).toBe(20);
    expect(miner.of('SetCustomMiningJobError')).toMatchObject([{ errorCode: 'invalid-coinbase-prefix' }]);
    miner.says(solve(client, { work: workOf(miner, client, second) }));
    expect(errors(miner)).toEqual([]);
  });

  test('with an index that has no room there changes nothing', async () => {
    const { connect, server, settle } = rig();
    const miner = connect();
    const client = miner.open('extended');
    miner.take();
    expect(() => server.renew({ extranonce: within(0xaa, 4, 1) })).toThrow(RangeError);
    await settle();
    expect(miner.sent).toEqual([]);
    miner.says(solve(client));
    expect(errors(miner)).toEqual([]);
  });
});

test('renew() with other outputs makes new jobs of all templates at hand, and no prefix changes', async () => {
  let mark = 1;
  const payout = payTo(() => mark);
  const { connect, server, settle } = rig({ deps: { authorise: () => ({ kind: 'admitted', payout }) } });
  const miner = connect();
  const client = miner.open('extended');
  server.prepare(template(2));
  await settle();
  miner.take();
  mark = 2;
  server.renew();
  await settle();
  expect(types(miner.sent)).toEqual(['NewExtendedMiningJob', 'NewExtendedMiningJob']);
  const paid = () => {
    const { coinbaseTxSuffix } = miner.of('NewExtendedMiningJob').at(-1) ?? { coinbaseTxSuffix: bytes(0, 0) };
    return decodeCountedOutputs(coinbaseTxSuffix.slice(4, -4))[0]?.script;
  };
  expect(paid()).toEqual(Uint8Array.of(0x51, 2));
  server.activate(template(9), tip(2));
  await settle();
  expect(client.currentWork()?.prevHash).toEqual(tip(2).prevHash);
});

test('a channel keeps its place when the server leaves an upstream, and its group stays one', async () => {
  const { connect, server, settle } = rig();
  const miner = connect();
  const clients = [miner.open('extended', { minExtranonceSize: 2 }), miner.open('standard')];
  const before = clients.map(({ channel }) => channel);
  server.renew({ extranonce: within(0xaa) });
  await settle();
  server.renew({ extranonce: 'own' });
  await settle();
  expect(clients.map(({ channel }) => channel)).toEqual(before);
  miner.take();
  server.update(template(3));
  await settle();
  expect(types(miner.sent)).toEqual(['NewExtendedMiningJob']);
});

test('a peer that did not drain while tip and upstream changed gets work that counts', async () => {
  const { connect, server, settle } = rig();
  const miner = connect();
  const client = miner.open('extended', { minExtranonceSize: 2 });
  const next = template(2);
  server.prepare(next);
  await settle();
  miner.congested = true;
  server.activate(next, tip(2));
  await settle();
  server.renew({ extranonce: within(0xaa) });
  await settle();
  miner.take();
  miner.congested = false;
  miner.handler?.onDrain?.();
  expect(types(miner.sent)).toEqual(['SetExtranoncePrefix', 'NewExtendedMiningJob', 'SetNewPrevHash']);
  miner.says(solve(client));
  expect(errors(miner)).toEqual([]);
});

test('a channel that opens right after renew() joins a group whose members have moved', async () => {
  const told: AcceptedShare[] = [];
  const { connect, server, settle } = rig({ deps: { onShare: (share) => void told.push(share) } });
  const miner = connect();
  const first = miner.open('extended', { minExtranonceSize: 2 });
  server.renew({ extranonce: within(0xaa, 4, 5) });
  const second = miner.open('extended', { minExtranonceSize: 2 });
  await settle();
  expect(first.channel?.groupChannelId).toBe(second.channel?.groupChannelId);
  for (const client of [first, second]) miner.says(solve(client));
  expect(told.map(({ extranonce }) => extranonce[0])).toEqual([0xaa, 0xaa]);
});

test('a share is told with its full extranonce to who relays it upstream', async () => {
  const told: AcceptedShare[] = [];
  const { connect, server, settle, blocks } = rig({ deps: { onShare: (share) => void told.push(share) } });
  const miner = connect();
  const clients = [miner.open('extended', { minExtranonceSize: 2 }), miner.open('standard')];
  server.renew({ extranonce: within(0xaa) });
  await settle();
  for (const client of clients) {
    miner.says(solve(client));
    const { job, extranonce, ...share } = told.at(-1) as AcceptedShare;
    expect(extranonce.subarray(0, 4)).toEqual(bytes(4, 0xaa));
    expect(() => parseTransaction(joinCoinbase(job.coinbase, extranonce, { segwit: true }))).not.toThrow();
    expect(share).toMatchObject({
      isBlock: false,
      userIdentity: new TextEncoder().encode('someone'),
      worker: undefined,
    });
  }
  expect(blocks).toEqual([]);
  miner.says(solve(clients[0] as ChannelClient, { wanted: 'miss' }));
  expect(told).toHaveLength(2);
});

type Happening =
  | { kind: 'renew'; prefixSize: number; extranonceSize: number; own: boolean }
  | { kind: 'open'; standard: boolean; rolled: number }
  | {
      kind:
        | 'prepare'
        | 'activate'
        | 'activate the prepared'
        | 'update'
        | 'settle'
        | 'block'
        | 'drain'
        | 'spare'
        | 'refresh';
    };

test.each([
  ['extended jobs', 0, true],
  ['standard jobs', REQUIRES_STANDARD_JOBS, true],
  ['extended jobs of one coinbase', 0, false],
  ['jobs of their own', REQUIRES_WORK_SELECTION, true],
] as const)('whatever happens, clients with %s are left with work that counts', async (_, flags, numbered) => {
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    fc.record({
      kind: fc.constant('renew' as const),
      prefixSize: fc.nat({ max: 10 }),
      extranonceSize: fc.integer({ min: 3, max: 20 }),
      own: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('open' as const), standard: fc.boolean(), rolled: fc.nat({ max: 8 }) }),
    fc.record({
      kind: fc.constantFrom(
        ...([
          'prepare',
          'activate',
          'activate the prepared',
          'update',
          'settle',
          'block',
          'drain',
          'spare',
          'refresh',
        ] as const),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (happenings) => {
      const told: AcceptedShare[] = [];
      const { connect, server, settle, clock } = rig({
        config: { numbered, refreshMs: 5_000 },
        deps: { onShare: (share) => void told.push(share) },
      });
      const miner = connect(flags);
      let last = 1;
      let prepared = template(1_000);
      let base: Uint8Array = Uint8Array.of(0, 0, 1, 0);
      for (const each of happenings) {
        last += 1;
        if (each.kind === 'renew') {
          const { prefixSize, extranonceSize, own } = each;
          base = own ? Uint8Array.of(0, 0, 1, 0) : bytes(prefixSize, last);
          server.renew({ extranonce: own ? 'own' : within(last, prefixSize, extranonceSize) });
        } else if (each.kind === 'open') {
          miner.open(each.standard ? 'standard' : 'extended', { minExtranonceSize: each.rolled });
        } else if (each.kind === 'prepare') server.prepare((prepared = template(last)));
        else if (each.kind === 'activate') server.activate(template(last), tip(last));
        else if (each.kind === 'activate the prepared') server.activate(prepared, tip(last));
        else if (each.kind === 'update') server.update(template(last));
        else if (each.kind === 'settle') await settle();
        else if (each.kind === 'refresh') clock.advance(6_000);
        else if (each.kind === 'spare') server.setUsefulDifficulty(1e-9 / last);
        else {
          miner.congested = each.kind === 'block';
          if (each.kind === 'drain') miner.handler?.onDrain?.();
        }
      }
      await settle();
      miner.congested = false;
      miner.handler?.onDrain?.();
      expect(miner.ended).toBeUndefined();
      miner.take();
      if (flags === REQUIRES_WORK_SELECTION) return;
      for (const client of miner.clients.filter(({ phase }) => phase === 'open')) miner.says(solve(client));
      expect(errors(miner)).toEqual([]);
      for (const { extranonce } of told) expect(extranonce.subarray(0, base.length)).toEqual(base);
    }),
    { numRuns: 100 },
  );
});
