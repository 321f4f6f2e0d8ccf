import type { Work } from '@sv2kit/mining';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { V2Device } from './to-v1-device.ts';
import { oneIn, type Peer, V1PoolHere } from './to-v1-pool.ts';
import { eventually, type Started, startTranslator, working } from './to-v1-support.ts';

/** What a pool may do to its miners between two shares. */
const step = fc.oneof(
  { arbitrary: fc.constant({ act: 'mine' } as const), weight: 6 },
  { arbitrary: fc.record({ act: fc.constant('notify' as const), clean: fc.boolean() }), weight: 3 },
  { arbitrary: fc.constant({ act: 'tip' } as const), weight: 1 },
  {
    arbitrary: fc.record({ act: fc.constant('difficulty' as const), hashes: fc.integer({ min: 1, max: 8 }) }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      act: fc.constant('extranonce' as const),
      extranonce1: fc.uint8Array({ minLength: 0, maxLength: 6 }),
      extranonce2Size: fc.integer({ min: 4, max: 9 }),
    }),
    weight: 1,
  },
);
/** Connections with standard channels are ended by it, for they cannot be told (§5.3.15). */
const mask = fc.record({ act: fc.constant('mask' as const), mask: fc.constantFrom(0, 0x1fffe000) });
type Step = typeof step | typeof mask extends fc.Arbitrary<infer S> ? S : never;

test.each([
  ['standard', step],
  ['extended', fc.oneof({ arbitrary: step, weight: 9 }, { arbitrary: mask, weight: 1 })],
] as const)(
  'whatever a pool changes and in whatever order, it refuses no share of %s channels that was good here',
  async (kind, each) => {
    const pool = await V1PoolHere.listen();
    const translator = await startTranslator([pool.url], {
      toml: ['[mining]', 'min_difficulty = 1e-12', 'shares_per_minute = 1000'],
    });
    const devices = [
      await working(translator, { nominalHashRate: 20, kind }),
      await working(translator, { nominalHashRate: 20, kind }),
    ];
    const settings = { numRuns: 8, endOnFailure: true };
    const steps = fc.array<Step>(each, { minLength: 10, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        for (const act of walk) await take(act, { pool, translator, devices });
        await settled({ pool, translator, devices });
        expect(pool.refused.map(({ verdict, submit }) => ({ verdict, submit }))).toEqual([]);
        expect(translator.facts().shares).toMatchObject({ refusedByPool: {}, lostBy: {} });
      }),
      settings,
    );
    expect(pool.accepted.length).toBeGreaterThan(0);
    expect(pool.connections).toBe(1);
    for (const device of devices) {
      expect(new Set(device.refusals)).toEqual(new Set(device.refusals.length === 0 ? [] : ['stale-share']));
    }
  },
  60_000,
);

const past = new WeakMap<V2Device, Work[]>();

interface Scene {
  readonly pool: V1PoolHere;
  readonly translator: Started;
  readonly devices: readonly V2Device[];
}

async function take(each: Step, scene: Scene): Promise<void> {
  const { pool, devices } = scene;
  const [peer] = pool.peers;
  if (peer === undefined) throw new Error('nobody is there');
  switch (each.act) {
    case 'mine':
      for (const device of devices) mineLately(device);
      return;
    case 'notify':
      return await given(scene, () => pool.notify({ cleanJobs: each.clean }));
    case 'tip':
      return await given(scene, () => pool.newTip());
    case 'difficulty':
      pool.difficulty = oneIn(each.hashes);
      return;
    case 'extranonce':
      peer.setExtranonce(each.extranonce1, each.extranonce2Size);
      return;
    case 'mask':
      return await maskSet(each.mask, peer, scene);
  }
}

/** Fewer bits are a job of their own; more of them come with the next. */
async function maskSet(mask: number, peer: Peer, scene: Scene): Promise<void> {
  const { pool, devices } = scene;
  if (pool.versionMask === mask) return;
  const set = () => {
    pool.versionMask = mask;
    peer.session.setVersionMask(mask);
    peer.says('client.show_message', ['another mask']);
  };
  if (mask === 0 && devices[0]?.work.versionRollingAllowed === true) await given(scene, set);
  else set();
}

/** Nothing is under way: a share that meets a clean job on its way is refused with good reason. */
async function settled({ translator, devices }: Scene): Promise<void> {
  await eventually(() => devices.reduce((sum, { unanswered }) => sum + unanswered, 0)).toBe(0);
  await eventually(() => translator.facts().shares.unanswered).toBe(0);
}

/** Every device mines another job than before. */
async function given(scene: Scene, give: () => void): Promise<void> {
  const { devices } = scene;
  await settled(scene);
  const before = devices.map((device) => device.work.jobId);
  for (const device of devices) past.set(device, [...(past.get(device) ?? []), device.work].slice(-3));
  give();
  for (const [at, device] of devices.entries()) await eventually(() => device.work.jobId).not.toBe(before[at]);
}

/** On the job at hand, and on the last few: those may be stale by now. */
function mineLately(device: V2Device): void {
  const { work } = device;
  for (const each of [...(past.get(device) ?? []), work]) {
    device.mine(2, { work: each, versionBits: each.versionRollingAllowed ? 0x6000 : 0 });
  }
}
