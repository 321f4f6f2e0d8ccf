import { describe, expect, test } from 'vitest';
import { brief, drain, NOW, tip } from './builders.ts';
import { held, paying, SMALL_SPACE, two, WIDE_SPACE } from './held.ts';

describe('an announced tip (§7.3)', () => {
  test('is left for the full template by the clients of each reservation as theirs comes', () => {
    const server = two();
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual(['announced-tip>1: @101', 'announced-tip>2: @103']);
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW + 10))).toEqual([
      'full>2: =104',
      'ahead>1,2: +105',
    ]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW + 20))).toEqual(['full>1: =106']);
  });

  test('has work of a larger reservation for those whose own takes too long', () => {
    const server = two();
    drain(server.announceTip(tip(800_000), NOW));
    drain(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW + 100));
    expect(brief(server.tick(NOW + 349))).toEqual([]);
    expect(brief(server.tick(NOW + 350))).toEqual(['full>1: =106']);
  });

  test('is not gone back on when a stream of the node is late with a template of the tip before', () => {
    const server = two();
    drain(server.announceTip(tip(800_000), NOW));
    drain(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW + 10));
    const late = held(800_000, SMALL_SPACE, paying(99_000n));
    expect(brief(server.publish(late, NOW + 15))).toEqual([]);
    expect(server.holds(late)).toBe(false);
    expect(server.view().height).toBe(800_001);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW + 20))).toEqual(['full>1: =106']);
  });

  test('is gone back on when a stream that has been on it says so', () => {
    const server = two();
    drain(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW + 10));
    const back = held(800_000, WIDE_SPACE, paying(5n));
    expect(brief(server.publish(back, NOW + 15))).toEqual(['tip>2: +106 @106', 'ahead>2: +107']);
    expect(server.view().height).toBe(800_000);
  });

  test('that was none gives way to the late templates of every reservation', () => {
    const server = two();
    drain(server.announceTip(tip(800_000), NOW));
    const late = [SMALL_SPACE, WIDE_SPACE].map((reserve) => held(800_000, reserve, paying(5n)));
    for (const one of late) expect(brief(server.publish(one, NOW + 10))).toEqual([]);
    expect(late.map((one) => server.holds(one))).toEqual([true, true]);
    expect(brief(server.tick(NOW + 10_000))).toEqual(['tip>1: +104 @104', 'tip>2: +105 @105', 'ahead>1,2: +106']);
  });

  test('empty templates stop when they are switched off, and come back with the switch', () => {
    const server = two();
    server.emptyAhead = false;
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual([]);
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW))).toEqual(['tip>2: +104 @104']);
    server.emptyAhead = true;
    expect(brief(server.tick(NOW + 10))).toEqual(['ahead>2: +105']);
  });

  test('a template of the difficulty before, from a stream that is behind, is late too', () => {
    const server = two();
    const [now, before] = [NOW / 1000 + 1, NOW / 1000];
    const easy = held(800_000, WIDE_SPACE, paying(5n), { nbits: 0x1d00fffe, curtime: now });
    expect(brief(server.publish(easy, NOW + 10))).toEqual(['nbits>2: +104 @104', 'ahead>2: +105']);
    expect(brief(server.publish(held(800_000, SMALL_SPACE, paying(99_000n), { curtime: before }), NOW + 11))).toEqual(
      [],
    );
    const own = held(800_000, SMALL_SPACE, paying(6n), { nbits: 0x1d00fffe, curtime: now });
    expect(brief(server.publish(own, NOW + 12))).toEqual(['nbits>1: +106 @106', 'ahead>1: +107']);
  });
});
