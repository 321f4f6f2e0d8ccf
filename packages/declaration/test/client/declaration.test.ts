import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Declaration, DECLARATION_PATIENCE } from '../../src/client/declaration.ts';

const limits = { declareMs: 100, setMs: 50, graceMs: 20 };
const target = new Uint8Array(32).fill(1);

describe('a job on its way to be acknowledged', () => {
  test('goes by the server and the pool in full-template mode (§6.3.2)', () => {
    const job = new Declaration('full-template');
    job.declare(7, 0);
    expect(job.state).toEqual({ phase: 'declaring', requestId: 7, sinceMs: 0 });
    job.declared(Uint8Array.of(1));
    job.set(8, 10);
    expect(job.state).toEqual({ phase: 'setting', requestId: 8, sinceMs: 10 });
    job.acknowledge(3, target);
    expect(job.state).toEqual({ phase: 'acknowledged', jobId: 3, target });
    expect(job.declareId).toBe(7);
  });

  test('goes straight to the pool in coinbase-only mode (§6.3.1)', () => {
    const job = new Declaration('coinbase-only');
    expect(() => job.declare(1, 0)).toThrow('coinbase-only');
    job.set(8, 10);
    job.acknowledge(3, target);
    expect(job.declareId).toBeUndefined();
  });

  test('never reaches the pool undeclared in full-template mode', () => {
    expect(() => new Declaration('full-template').set(1, 0)).toThrow('cannot set');
  });

  test('that is refused is dropped when the tip moves within the grace, whatever the code', () => {
    const job = new Declaration('full-template');
    job.declare(7, 0);
    job.contest('anything at all', 5);
    expect(job.judge(24, limits)).toBeUndefined();
    expect(job.drop('tip-moved')).toBe(true);
    expect(job.judge(1_000, limits)).toBeUndefined();
    expect(job.state).toEqual({ phase: 'dropped', why: 'tip-moved' });
  });

  test.each([
    ['jds', 'declaration-refused'],
    ['pool', 'custom-job-refused'],
  ] as const)('that the %s refuses while its tip stands is a reason to leave: %s', (by, reason) => {
    const job = new Declaration('full-template');
    job.declare(7, 0);
    if (by === 'pool') {
      job.declared(Uint8Array.of(1));
      job.set(8, 0);
    }
    job.contest('stale-chain-tip', 5);
    expect(job.judge(25, limits)).toEqual({ reason, detail: 'stale-chain-tip' });
    expect(job.state).toEqual({ phase: 'refused', by, code: 'stale-chain-tip' });
    expect(job.judge(26, limits)).toBeUndefined();
  });

  test('that nobody answers is a reason to leave', () => {
    const job = new Declaration('full-template');
    job.declare(7, 0);
    expect(job.judge(100, limits)).toBeUndefined();
    expect(job.judge(101, limits)).toEqual({ reason: 'declare-timeout' });
    job.declared(Uint8Array.of(1));
    job.set(8, 101);
    expect(job.judge(152, limits)).toEqual({ reason: 'set-timeout' });
  });

  test('that is acknowledged stays so: a block may come from a stale job', () => {
    const job = new Declaration('coinbase-only');
    job.set(8, 10);
    job.acknowledge(3, target);
    expect(job.drop('tip-moved')).toBe(false);
  });

  test('takes no arrow that its state does not have', () => {
    const arrows: Record<string, (job: Declaration) => unknown> = {
      declare: (job) => job.declare(1, 0),
      declared: (job) => job.declared(Uint8Array.of(1)),
      set: (job) => job.set(2, 0),
      acknowledge: (job) => job.acknowledge(3, target),
      contest: (job) => job.contest('x', 0),
      drop: (job) => job.drop('abandoned'),
      judge: (job) => job.judge(1e9, DECLARATION_PATIENCE),
    };
    const next: Record<string, Record<string, string>> = {
      waiting: { declare: 'declaring', drop: 'dropped', judge: 'waiting' },
      declaring: { declared: 'declared', contest: 'contested', drop: 'dropped', judge: 'declaring' },
      declared: { set: 'setting', drop: 'dropped', judge: 'declared' },
      setting: { acknowledge: 'acknowledged', contest: 'contested', drop: 'dropped', judge: 'setting' },
      contested: { drop: 'dropped', judge: 'refused' },
      acknowledged: { drop: 'acknowledged', judge: 'acknowledged' },
      dropped: { drop: 'dropped', judge: 'dropped' },
      refused: { drop: 'refused', judge: 'refused' },
    };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(arrows)), { maxLength: 12 }), (steps) => {
        const job = new Declaration('full-template');
        for (const step of steps) {
          const before = job.state;
          const after = next[before.phase]?.[step];
          if (after === undefined) {
            expect(() => arrows[step]?.(job)).toThrow(`cannot ${step}`);
            expect(job.state).toBe(before);
          } else {
            arrows[step]?.(job);
            expect(job.state.phase).toBe(after);
          }
        }
      }),
    );
  });
});
