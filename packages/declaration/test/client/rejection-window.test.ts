import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RejectionWindow } from '../../src/client/rejection-window.ts';

const policy = { rejected: 3, ofLast: 5, graceMs: 1_000 };

describe('a pool that rejects valid shares (§6.2)', () => {
  test('has rejected too many once M of the last N are, and their grace is over', () => {
    const window = new RejectionWindow(policy);
    for (const at of [0, 100, 200]) window.rejected(at, at);
    expect(window.judge(1_199)).toBe(false);
    expect(window.judge(1_200)).toBe(true);
  });

  test('may reject what a new tip explains, be the tip earlier or within the grace', () => {
    const window = new RejectionWindow(policy);
    for (const at of [0, 100, 200]) window.rejected(at, at);
    window.tipMoved(500);
    for (const sent of [100, 200, 499]) window.rejected(sent, 600);
    expect(window.judge(10_000)).toBe(false);
    expect(window.rejections).toBe(0);
  });

  test('is not judged while nobody tells of the tip, and has its grace anew from then on', () => {
    const window = new RejectionWindow(policy);
    for (const at of [0, 100, 200]) window.rejected(at, at);
    expect(window.judge(60_000, Infinity)).toBe(false);
    expect(window.judge(60_500, 60_000)).toBe(false);
    expect(window.judge(61_000, 60_000)).toBe(true);
  });

  test('is forgiven what it rejected while nobody told of the tip, when the tip turns out to have moved', () => {
    const window = new RejectionWindow(policy);
    for (const at of [0, 100, 200]) window.rejected(at, at);
    window.tipMoved(60_000, Infinity);
    expect(window.judge(90_000)).toBe(false);
  });

  test('is forgiven by accepted shares in between', () => {
    const window = new RejectionWindow(policy);
    window.rejected(0, 0);
    window.rejected(1, 1);
    window.accepted(4, 2);
    window.rejected(3, 3);
    expect(window.judge(5_000)).toBe(false);
    expect(window.rejections).toBe(1);
  });

  test('is not blamed for a low rate of rejections, however fast shares come', () => {
    const window = new RejectionWindow({ rejected: 10, ofLast: 20, graceMs: 3_000 });
    for (let ms = 0; ms < 60_000; ms += 10) {
      if (ms % 100 === 0) window.rejected(ms, ms);
      else window.accepted(1, ms);
      expect(window.judge(ms)).toBe(false);
    }
  });

  test('judges as if it had looked at the last N in order', () => {
    const event = fc.record({ ok: fc.boolean(), gapMs: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const window = new RejectionWindow(policy);
        let now = 0;
        for (const { ok, gapMs } of events) {
          now += gapMs;
          if (ok) window.accepted(1, now);
          else window.rejected(now, now);
        }
        const last = events.slice(-policy.ofLast).filter(({ ok }) => !ok).length;
        expect(window.judge(now + policy.graceMs)).toBe(last >= policy.rejected);
        expect(window.rejections).toBe(last);
      }),
    );
  });
});
