import { BIP323_MASK, MAX_TARGET } from '@sv2kit/bitcoin';
import { REQUIRES_FIXED_VERSION, REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING } from '@sv2kit/codec';
import { NOBODY, type UpstreamJob } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import type { AcceptedShare, MiningServerDeps } from '../src/index.ts';
import { bytes, NETWORK_TARGET, NTIME, rig, solve, TestMiner, tip } from './support.ts';

const V1_MASK = 0x1fffe000;
const PREFIX = bytes(4, 0xe1);

/** As a V1 pool's notify would make it: 4 bytes of extranonce1 and 8 of extranonce2 in the middle. */
function v1Job(overrides: Partial<UpstreamJob> = {}): UpstreamJob {
  return {
    coinbasePrefix: bytes(60, 1),
    coinbaseSuffix: bytes(50, 2),
    extranonceSize: 12,
    version: 0x20000000,
    versionMask: BIP323_MASK,
    merklePath: [bytes(32, 3)],
    minNtime: NTIME,
    height: 800_001,
    ...overrides,
  };
}

const within = (prefix: Uint8Array) => ({ within: { prefix, extranonceSize: 8 }, indexBytes: 2 });

function v1Rig(mask = V1_MASK, shares: AcceptedShare[] = [], deps: Partial<MiningServerDeps> = {}) {
  const made = rig({
    config: { tag: bytes(0, 0), extranonce: within(PREFIX), versionMask: mask },
    deps: {
      authorise: () => ({ kind: 'admitted', payout: NOBODY }),
      onShare: (share) => void shares.push(share),
      ...deps,
    },
    working: false,
  });
  made.server.activate(v1Job(), tip(1, { target: NETWORK_TARGET }));
  return made;
}

function opened(miner: TestMiner) {
  const client = miner.open('standard');
  expect(client.phase).toBe('open');
  return client;
}

const errors = (miner: TestMiner) => miner.of('SubmitSharesError').map(({ errorCode }) => errorCode);

describe("a server on an upstream's jobs", () => {
  test.each(['standard', 'extended'] as const)(
    'hands on the shares of a %s channel as the upstream counts them',
    (kind) => {
      const shares: AcceptedShare[] = [];
      const { connect } = v1Rig(V1_MASK, shares);
      const miner = connect();
      const client = miner.open(kind, { minExtranonceSize: 6 });
      expect(client.currentWork()).toMatchObject({ minNtime: NTIME, version: 0x20000000, versionRollingAllowed: true });
      miner.says(solve(client));
      expect(errors(miner)).toEqual([]);
      const [share] = shares;
      expect(share?.extranonce).toHaveLength(12);
      expect(share?.extranonce.subarray(0, 4)).toEqual(PREFIX);
      expect(share?.job.origin).toEqual({ kind: 'upstream', job: v1Job() });
    },
  );

  test('tells of a block twice: as a block on the path v1-pool, and as a share to hand on', () => {
    const shares: AcceptedShare[] = [];
    const { connect, blocks, journal } = v1Rig(V1_MASK, shares);
    const miner = connect();
    miner.says(solve(miner.open('extended'), { wanted: 'block', blockTarget: NETWORK_TARGET }));
    expect(blocks).toMatchObject([{ path: 'v1-pool', height: 800_001, via: 'sv2-extended' }]);
    expect(journal.of('BlockFound')).toMatchObject([{ path: 'v1-pool' }]);
    expect(shares).toMatchObject([{ isBlock: true }]);
  });

  test('follows another prefix and job that come together (§5.3.10)', async () => {
    const { connect, server, settle } = v1Rig();
    const miner = connect();
    const client = miner.open('extended', { minExtranonceSize: 6 });
    const before = client.currentWork();
    miner.take();
    server.renew({ extranonce: within(bytes(6, 0xe2)) });
    server.activate(v1Job({ extranonceSize: 14, minNtime: NTIME + 1 }), tip(1), { clean: true });
    await settle();
    expect(miner.sent.map(({ type }) => type)).toEqual([
      'SetExtranoncePrefix',
      'NewExtendedMiningJob',
      'SetNewPrevHash',
    ]);
    expect(client.channel?.extranoncePrefix).toHaveLength(8);
    miner.says(solve(client));
    if (before !== undefined) miner.says(solve(client, { work: before }));
    expect(errors(miner)).toEqual(['stale-share']);
  });

  test('takes no job whose extranonce its prefixes do not fill', () => {
    const { server } = v1Rig();
    expect(() => server.update(v1Job({ extranonceSize: 13 }))).toThrow(RangeError);
    expect(() => rig({ working: false }).server.activate(v1Job(), tip(1))).toThrow('where any number are filled');
  });

  test('refuses channels beyond what one byte of index tells apart, until tips have made room', async () => {
    const narrow = { within: { prefix: PREFIX, extranonceSize: 8 }, indexBytes: 1 };
    const { connect, server, settle } = v1Rig();
    server.renew({ extranonce: narrow });
    server.activate(v1Job(), tip(1));
    await settle();
    const miner = connect();
    for (let i = 0; i < 256; i += 1) miner.says(solve(opened(miner)));
    expect(miner.open('standard').phase).not.toBe('open');
    expect(miner.of('OpenMiningChannelError')).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }]);
    miner.close();
    const open = () => connect().open('standard').phase === 'open';
    expect(open()).toBe(false);
    for (const height of [2, 3]) server.activate(v1Job({ height: 800_000 + height }), tip(height), { clean: true });
    await settle();
    expect(open()).toBe(true);
  });

  test('has room for channels that come and go without a share, however narrow the index', async () => {
    const { connect, server, settle } = v1Rig();
    server.renew({ extranonce: { within: { prefix: PREFIX, extranonceSize: 8 }, indexBytes: 1 } });
    server.activate(v1Job(), tip(1));
    await settle();
    for (let i = 0; i < 600; i += 1) {
      const miner = connect();
      opened(miner);
      miner.close();
    }
  });

  test('makes room with each tip again after an upstream has lied about its height', async () => {
    const { connect, server, settle } = v1Rig();
    server.renew({ extranonce: { within: { prefix: PREFIX, extranonceSize: 8 }, indexBytes: 1 } });
    server.activate(v1Job({ height: 2 ** 31 - 1 }), tip(1));
    await settle();
    for (const height of [2, 3, 4, 5, 6]) {
      server.activate(v1Job({ height: 800_000 + height }), tip(height), { clean: true });
      await settle();
      const miner = connect();
      for (let i = 0; i < 100; i += 1) miner.says(solve(opened(miner)));
      miner.close();
    }
  });

  test('lets jobs of a standing tip live unless it is told that they are void', async () => {
    for (const clean of [false, true]) {
      const { connect, server, settle } = v1Rig();
      const miner = connect();
      const client = miner.open('standard');
      const work = client.currentWork();
      if (work === undefined) throw new Error('no work');
      server.activate(v1Job({ merklePath: [bytes(32, 4)] }), tip(1, { target: NETWORK_TARGET }), { clean });
      await settle();
      miner.says(solve(client, { work }));
      expect(errors(miner)).toEqual(clean ? ['stale-share'] : []);
    }
  });
});

describe('setVersionMask()', () => {
  const share = (miner: TestMiner, version: number) => {
    const client = miner.clients[0];
    if (client === undefined) throw new Error('no channel');
    miner.says({ ...solve(client, { wanted: 'miss' }), version });
    return errors(miner).at(-1);
  };

  test('binds the jobs that go out at once, on every kind of channel', async () => {
    for (const flags of [0, REQUIRES_STANDARD_JOBS]) {
      const { connect, server, settle } = v1Rig();
      const miner = connect(flags);
      const client = miner.open('standard', { maxTarget: MAX_TARGET });
      const before = client.currentWork()?.jobId;
      server.setVersionMask(0x00ffe000);
      await settle();
      expect(client.currentWork()?.jobId).not.toBe(before);
      expect(share(miner, 0x20000000 | 0x10000000)).toBe('invalid-version-bits');
      expect(share(miner, 0x20000000 | 0x00002000)).not.toBe('invalid-version-bits');
      expect(miner.ended).toBeUndefined();
    }
  });

  test('to none: who needs to roll, or cannot be told, is let go; the others get jobs that say so (§5.3.1)', async () => {
    const { connect, server, settle } = v1Rig();
    const needs = connect(REQUIRES_VERSION_ROLLING);
    const standard = connect();
    standard.open('standard');
    const extended = connect();
    const client = extended.open('extended');
    server.setVersionMask(0);
    await settle();
    expect([needs.ended, standard.ended, extended.ended]).toEqual([
      'version-rolling-changed',
      'version-rolling-changed',
      undefined,
    ]);
    expect(client.currentWork()?.versionRollingAllowed).toBe(false);
    expect(share(extended, 0x20002000)).toBe('version-rolling-not-allowed');
    expect(connect(REQUIRES_VERSION_ROLLING).refused?.errorCode).toBe('unsupported-feature-flags');
    expect(connect().flags).toBe(REQUIRES_FIXED_VERSION);
  });

  test('to none: who opens a standard channel later cannot be told either, and is let go then', async () => {
    let admit: (() => void) | undefined;
    const { connect, server, settle } = v1Rig(V1_MASK, [], {
      authorise: ({ userIdentity }) => {
        const admitted = { kind: 'admitted', payout: NOBODY } as const;
        if (userIdentity.length !== 4) return admitted;
        return new Promise((resolve) => {
          admit = () => resolve(admitted);
        });
      },
    });
    const [later, asking, extended] = [connect(), connect(), connect()];
    asking.open('standard', { user: 'slow' });
    extended.open('extended');
    server.setVersionMask(0);
    await settle();
    expect([later.ended, asking.ended, extended.ended]).toEqual([undefined, undefined, undefined]);
    later.open('standard');
    admit?.();
    await settle();
    extended.open('extended');
    expect([later.ended, asking.ended]).toEqual(['version-rolling-changed', 'version-rolling-changed']);
    expect([...later.sent, ...asking.sent]).toEqual([]);
    expect([extended.ended, extended.clients.map(({ phase }) => phase)]).toEqual([undefined, ['open', 'open']]);
    const back = connect();
    expect([back.flags, back.open('standard').phase]).toEqual([REQUIRES_FIXED_VERSION, 'open']);
  });

  test('to none or from it while a connection is being set up: it is let go once it is ready', () => {
    for (const [before, after, flags] of [
      [V1_MASK, 0, REQUIRES_VERSION_ROLLING],
      [0, V1_MASK, 0],
    ] as const) {
      const { server, clock } = v1Rig(before);
      const miner = new TestMiner(9, flags, clock);
      const verdict = server.service.accept(miner as never);
      if (verdict.kind === 'refuse') throw new Error('refused');
      server.setVersionMask(after);
      verdict.handler.onReady?.();
      expect(miner.ended).toBe('version-rolling-changed');
    }
  });

  test('from none: who was told that versions are fixed comes back to hear otherwise (§5.3.1)', async () => {
    const { connect, server, settle } = v1Rig(0);
    const fixed = connect();
    const client = fixed.open('extended');
    expect(client.currentWork()?.versionRollingAllowed).toBe(false);
    server.setVersionMask(V1_MASK);
    await settle();
    expect(fixed.ended).toBe('version-rolling-changed');
    const next = connect(REQUIRES_VERSION_ROLLING);
    expect(next.open('extended').currentWork()?.versionRollingAllowed).toBe(true);
  });

  test('says nothing when it is said again', async () => {
    const { connect, server, settle } = v1Rig();
    const miner = connect();
    miner.open('extended');
    miner.take();
    server.setVersionMask(V1_MASK);
    await settle();
    expect(miner.sent).toEqual([]);
  });
});
