import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ArrangedV1,
  arrangeV1,
  EASY,
  headerOf,
  isShare,
  type Memory,
  type Submitted,
  submits,
} from './v1-arrange.ts';

/** Lets a thread find a share, which is then on its way. */
function find({ engine, sent }: ArrangedV1, thread = 0): Submitted {
  engine.find(thread);
  const [share] = submits(sent());
  if (share === undefined) throw new Error('nothing was submitted');
  return share;
}

/** Every thread is through with what it has. */
function goOn({ engine }: ArrangedV1): void {
  engine.tasks.forEach((task, thread) => {
    if (task !== undefined) engine.listener.onDone(thread, task.id);
  });
}

describe('a share on a V1 pool', () => {
  test('is one by the header that its submit makes, and has the names and sizes that the pool gave', () => {
    const arranged = arrangeV1({ extranonce2Size: 6 });
    arranged.job({ version: '20c00004' });
    const share = find(arranged);
    expect(share).toMatchObject({ username: 'tester.1', jobId: 'a1', extranonce2: '00'.repeat(6), ntime: '6553f100' });
    expect(isShare(share, { version: '20c00004' })).toBe(true);
    expect(arranged.seen).toMatchObject({ phases: ['waiting', 'mining'], tips: [true] });
  });

  test.each(['1d80ffff', 'ff00ffff', '00000000'])(
    'is no block where the job’s nbits %s stand for no target',
    (nbits) => {
      const arranged = arrangeV1();
      arranged.job({ nbits });
      expect(find(arranged).jobId).toBe('a1');
      expect(arranged.seen.blocks).toEqual([false]);
    },
  );

  test('rolls extranonce2, and the version within the mask that was agreed on (BIP310)', () => {
    const arranged = arrangeV1({ mask: '00c00000' });
    arranged.job();
    const shares = Array.from({ length: 8 }, () => {
      const share = find(arranged);
      goOn(arranged);
      return share;
    });
    expect(shares.every((share) => isShare(share, { mask: 0x00c00000 }))).toBe(true);
    expect(new Set(shares.map(({ extranonce2 }) => extranonce2)).size).toBe(8);
    const bits = shares.map(({ versionBits }) => versionBits);
    expect(new Set(bits)).toEqual(new Set(['00000000', '00400000', '00800000', '00c00000']));
  });

  test('has five parameters and the job’s version where the pool lets nobody roll it', () => {
    const arranged = arrangeV1({ mask: null });
    arranged.job();
    const share = find(arranged);
    goOn(arranged);
    const other = find(arranged);
    expect([share.versionBits, other.versionBits]).toEqual([undefined, undefined]);
    expect([share, other].every((each) => isShare(each, { mask: 0 }))).toBe(true);
  });

  test('is counted by the pool’s answer, with its difficulty and its round trip', () => {
    const arranged = arrangeV1();
    arranged.job();
    const ids = [find(arranged), find(arranged), find(arranged), find(arranged)].map(({ id }) => id);
    arranged.clock.advance(30);
    arranged.hear({ id: ids[1], result: true, error: null });
    arranged.hear({ id: ids[0], result: null, error: [21, 'Job not found', null] });
    arranged.hear({ id: ids[2], result: false, error: { code: 4711, message: 'no' } });
    const { submitted, accepted, acceptedDifficulty, rejected } = arranged.shares.totals;
    expect({ submitted, accepted, acceptedDifficulty, rejected }).toEqual({
      submitted: 4,
      accepted: 1,
      acceptedDifficulty: EASY,
      rejected: { 'job-not-found': 1, other: 1 },
    });
    expect(arranged.roundTrips).toEqual([30, 30, 30]);
    arranged.miner.onClose({ code: 'test' });
    expect(arranged.shares.totals.unanswered).toBe(1);
  });
});

describe('what a V1 pool sets', () => {
  test('a difficulty holds with the next job, and the job before keeps its own', () => {
    const arranged = arrangeV1();
    arranged.job();
    arranged.say('mining.set_difficulty', EASY / 2);
    expect(arranged.rig.work?.target).toEqual(arranged.engine.tasks[0]?.target);
    expect(isShare(find(arranged))).toBe(true);
    arranged.job({ id: 'a2', clean: false });
    const shares = Array.from({ length: 12 }, () => {
      const share = find(arranged);
      goOn(arranged);
      return share;
    });
    expect(shares.every((share) => isShare(share, { difficulty: EASY / 2 }))).toBe(true);
    expect(shares.some((share) => !isShare(share))).toBe(true);
  });

  test('an extranonce holds with the next job', () => {
    const arranged = arrangeV1();
    arranged.job();
    arranged.say('mining.set_extranonce', 'beef', 2);
    expect(isShare(find(arranged))).toBe(true);
    arranged.job({ id: 'a2' });
    const share = find(arranged);
    expect(share.extranonce2).toHaveLength(4);
    expect(isShare(share, { extranonce1: 'beef' })).toBe(true);
  });

  test('a version mask holds at once (BIP310)', () => {
    const arranged = arrangeV1();
    arranged.job();
    arranged.say('mining.set_version_mask', '00006000');
    for (let round = 0; round < 6; round++) {
      const share = find(arranged);
      expect(Number.parseInt(share.versionBits ?? '', 16) & ~0x6000).toBe(0);
      expect(isShare(share, { mask: 0x6000 })).toBe(true);
      goOn(arranged);
    }
    arranged.say('mining.set_version_mask', '00000000');
    expect(find(arranged).versionBits).toBeUndefined();
  });

  test('a mask before the first job is that of the first job', () => {
    const arranged = arrangeV1();
    arranged.say('mining.set_version_mask', '00006000');
    expect(arranged.rig.work).toBeUndefined();
    arranged.job();
    expect(isShare(find(arranged), { mask: 0x6000 })).toBe(true);
  });
});

describe('a job of a V1 pool', () => {
  test('that is not clean leaves shares of the one before their worth', () => {
    const arranged = arrangeV1({ threads: 2 });
    arranged.job();
    const [earlier] = arranged.engine.tasks;
    arranged.job({ id: 'a2', clean: false });
    arranged.engine.tasks[0] = earlier;
    expect(find(arranged).jobId).toBe('a1');
    expect(find(arranged, 1).jobId).toBe('a2');
    expect(arranged.seen.tips).toEqual([true, false]);
  });

  test.each([
    ['is clean', { clean: true }],
    ['has another tip', { clean: false, prevHash: '77'.repeat(32) }],
  ])('that %s makes shares of earlier ones worth nothing', (_, changes) => {
    const arranged = arrangeV1();
    arranged.job();
    const [earlier] = arranged.engine.tasks;
    arranged.job({ id: 'a2', ...changes });
    arranged.engine.tasks[0] = earlier;
    arranged.engine.find();
    expect(submits(arranged.sent())).toEqual([]);
  });

  test('that comes a second time under another id is searched elsewhere', () => {
    const arranged = arrangeV1();
    const seen = new Set<string>();
    for (const id of ['a1', 'a2', 'a3']) {
      arranged.job({ id, clean: false });
      for (let round = 0; round < 5; round++) {
        seen.add(find(arranged).extranonce2);
        goOn(arranged);
      }
    }
    expect(seen.size).toBe(15);
  });

  test('is searched with the clock: ntime rises by the seconds since it came', () => {
    const arranged = arrangeV1();
    arranged.job();
    arranged.clock.advance(7_400);
    goOn(arranged);
    expect(find(arranged).ntime).toBe((1_700_000_007).toString(16));
  });
});

describe('a V1 pool', () => {
  test('that makes no sense is noted', () => {
    const { hear, say, seen } = arrangeV1();
    say('mining.notify', 'only an id');
    say('mining.unheard_of');
    hear({ nonsense: true });
    say('client.show_message', 'hello');
    expect(seen.unexpected).toEqual(['invalid', 'unknown', 'malformed']);
  });

  test('that is gone leaves the threads at rest, and is not listened to any more', () => {
    const arranged = arrangeV1();
    arranged.job();
    arranged.miner.onClose({ code: 'peer-closed' });
    expect([arranged.miner.phase, arranged.engine.tasks]).toEqual(['closed', [undefined]]);
    arranged.job({ id: 'a2' });
    expect(arranged.rig.work).toBeUndefined();
  });
});

/** What a pool may do, and a device find, in any order. */
const STEP = fc.oneof(
  fc.record({ do: fc.constant('difficulty'), difficulty: fc.constantFrom(EASY / 4, EASY / 2, EASY) }),
  fc.record({
    do: fc.constant('extranonce'),
    extranonce1: fc.constantFrom('', 'aa', 'beef'),
    size: fc.integer({ min: 2, max: 9 }),
  }),
  fc.record({ do: fc.constant('mask'), mask: fc.constantFrom(0, 0x6000, 0x00c00000, 0x1fffe000) }),
  fc.record({ do: fc.constant('job'), clean: fc.boolean(), tip: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('time'), ms: fc.integer({ min: 0, max: 3000 }) }),
  { weight: 6, arbitrary: fc.record({ do: fc.constant('find'), thread: fc.constantFrom(0, 1) }) },
) as fc.Arbitrary<
  | { do: 'difficulty'; difficulty: number }
  | { do: 'extranonce'; extranonce1: string; size: number }
  | { do: 'mask'; mask: number }
  | { do: 'job'; clean: boolean; tip: number }
  | { do: 'time'; ms: number }
  | { do: 'find'; thread: number }
>;

/** An honest pool's memory: what holds now, and what held when each job went out. */
class PoolMemory {
  readonly #arranged: ArrangedV1;
  readonly jobs = new Map<string, Memory>();
  #terms: Memory = { extranonce1: 'c0ffee00', difficulty: EASY };
  #mask = 0x1fffe000;
  #tip = 0;
  #ids = 0;

  constructor(arranged: ArrangedV1) {
    this.#arranged = arranged;
    this.giveJob(true, 1);
  }

  setDifficulty(difficulty: number): void {
    this.#terms = { ...this.#terms, difficulty };
    this.#arranged.say('mining.set_difficulty', difficulty);
  }

  setExtranonce(extranonce1: string, size: number): void {
    this.#terms = { ...this.#terms, extranonce1 };
    this.#arranged.say('mining.set_extranonce', extranonce1, size);
  }

  setMask(mask: number): void {
    this.#mask = mask;
    this.#arranged.say('mining.set_version_mask', mask.toString(16).padStart(8, '0'));
  }

  giveJob(clean: boolean, tip: number): void {
    if (clean || tip !== this.#tip) this.jobs.clear();
    this.#tip = tip;
    const job = { id: `j${++this.#ids}`, prevHash: `${tip}${tip}`.repeat(32), clean };
    this.jobs.set(job.id, { ...this.#terms, ...job });
    this.#arranged.job(job);
  }

  /** @returns the share's header, which is to be new, or why it is refused */
  judge(share: Submitted): string {
    const memory = this.jobs.get(share.jobId);
    if (memory === undefined) return 'job not found';
    if (this.#mask === 0 && share.versionBits !== undefined) return 'version bits without a mask';
    const now = { ...memory, mask: this.#mask };
    return isShare(share, now) ? Buffer.from(headerOf(share, now)).toString('hex') : 'low difficulty';
  }
}

test('whatever a pool sets, in whatever order: every share is one, and none comes twice', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 10, maxLength: 60 }), (steps) => {
      const arranged = arrangeV1({ threads: 2 });
      const pool = new PoolMemory(arranged);
      const headers: string[] = [];
      for (const step of steps) {
        if (step.do === 'difficulty') pool.setDifficulty(step.difficulty);
        else if (step.do === 'extranonce') pool.setExtranonce(step.extranonce1, step.size);
        else if (step.do === 'mask') pool.setMask(step.mask);
        else if (step.do === 'job') pool.giveJob(step.clean, step.tip);
        else if (step.do === 'time') arranged.clock.advance(step.ms);
        else {
          headers.push(pool.judge(find(arranged, step.thread)));
          goOn(arranged);
        }
      }
      expect(headers.filter((header) => header.length !== 160)).toEqual([]);
      expect(new Set(headers).size).toBe(headers.length);
    }),
    { numRuns: 60 },
  );
});
