import { decodeHeader, heightPush } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastTime } from '../src/job-check/ipc/least-time.ts';

const NTIME = 1_800_000_000;
const emptyAt = (ntime: number) => ({
  version: 0x2000_0000,
  prevHash: new Uint8Array(32).fill(1),
  nbits: 0x1d00_ffff,
  ntime,
  scriptSigPrefix: heightPush(1),
});
const ntimeOf = (block: Uint8Array): number => decodeHeader(block.subarray(0, 80)).ntime;

test.each(['time-too-old', 'time-timewarp-attack', 'bad-diffbits'])(
  'finds the lowest time that is not %s, whatever it was on the tip before',
  async (word) => {
    const times = fc.record({
      least: fc.integer({ min: 1, max: NTIME }),
      hint: fc.option(fc.integer({ min: 0, max: 0xffff_ffff }), { nil: undefined }),
    });
    const property = fc.asyncProperty(times, async ({ least, hint }) => {
      let asked = 0;
      const found = await leastTime(emptyAt(NTIME), hint, async (block) => {
        asked += 1;
        return ntimeOf(block) < least ? word : undefined;
      });
      expect(found).toBe(least);
      expect(asked).toBeLessThanOrEqual(33);
    });
    await fc.assert(property);
  },
);

test('takes a few questions when little time has passed since the tip before', async () => {
  let asked = 0;
  const found = await leastTime(emptyAt(NTIME), NTIME - 4_000, async (block) => {
    asked += 1;
    return ntimeOf(block) < NTIME - 3_400 ? 'time-too-old' : undefined;
  });
  expect(found).toBe(NTIME - 3_400);
  expect(asked).toBeLessThanOrEqual(14);
});

test('is not found when the tip moves meanwhile', async () => {
  expect(await leastTime(emptyAt(NTIME), undefined, async () => 'inconclusive-not-best-prevblk')).toBeUndefined();
});

test('is the time of the template when that is the lowest', async () => {
  expect(await leastTime(emptyAt(NTIME), undefined, async () => 'time-too-old')).toBe(NTIME);
});

test('is found when the node minds something else that it looks at later', async () => {
  const least = NTIME - 700;
  const word = async (block: Uint8Array) => (ntimeOf(block) < least ? 'time-too-old' : 'bad-cb-locktime');
  expect(await leastTime(emptyAt(NTIME), undefined, word)).toBe(least);
});

test('is no lower than the time of the template when the node minds something else before it looks at the time', async () => {
  expect(await leastTime(emptyAt(NTIME), undefined, async () => 'bad-cb-length')).toBe(NTIME);
  expect(await leastTime(emptyAt(NTIME), NTIME - 700, async () => 'bad-cb-length')).toBe(NTIME);
});
