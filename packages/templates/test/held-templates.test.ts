import { describe, expect, test } from 'vitest';
import { type CoinbaseConstraints, coinbaseSpace } from '../src/index.ts';
import { brief, drain, hashOf, messagesOf, NOW, publisher, SMALL, template } from './builders.ts';
import { DEFAULT_RESERVE, held, paying, SMALL_SPACE, two, WIDE, WIDE_SPACE } from './held.ts';

describe('a held template (§7.2)', () => {
  test('is passed on as the node gave it', () => {
    const server = publisher();
    drain(server.setConstraints(1, SMALL, NOW));
    const node = held(800_000, SMALL_SPACE, paying(5000n));
    const odd = {
      version: 3,
      scriptSigPrefix: Uint8Array.of(3, 1, 2, 3, 0),
      sequence: 0xfffffffd,
      lockTime: 17,
      requiredOutputs: [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)],
    };
    const [future, news] = messagesOf(server.publish({ ...node, coinbase: odd, version: 0x20000004 }, NOW + 2500));
    expect(future).toEqual({
      type: 'NewTemplate',
      templateId: 100n,
      futureTemplate: true,
      version: 0x20000004,
      coinbaseTxVersion: 3,
      coinbasePrefix: odd.scriptSigPrefix,
      coinbaseTxInputSequence: 0xfffffffd,
      coinbaseTxValueRemaining: node.coinbaseValue,
      coinbaseTxOutputsCount: 2,
      coinbaseTxOutputs: Uint8Array.of(1, 2, 3, 4, 5),
      coinbaseTxLocktime: 17,
      merklePath: node.merklePath,
    });
    expect(news).toMatchObject({ templateId: 100n, headerTimestamp: node.curtime + 2, nbits: node.nbits });
  });

  test('goes to the clients whose reservation it is, the next one to theirs', () => {
    const server = publisher();
    for (const [id, constraints] of [SMALL, WIDE, SMALL].entries()) drain(server.setConstraints(id, constraints, NOW));
    expect(brief(server.publish(held(800_000, SMALL_SPACE, paying(9n)), NOW))).toEqual([
      'tip>0,2: +100 @100',
      'ahead>0,2: +101',
    ]);
    expect(brief(server.publish(held(800_000, WIDE_SPACE, paying(8n)), NOW + 20))).toEqual([
      'tip>1: +102 @102',
      'ahead>1: +103',
    ]);
  });

  test('of the next tip starts those of other reservations on the empty block that they hold, until theirs comes', () => {
    const server = two();
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW))).toEqual([
      'announced-tip>1: @101',
      'announced-tip>2: @103',
      'full>2: =104',
      'ahead>1,2: +105',
    ]);
    expect(brief(server.tick(NOW + 249))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW + 249))).toEqual(['full>1: =106']);
  });

  test('of the next tip finds those of other reservations where they are, who take no empty block, until theirs comes', () => {
    const server = two({ emptyAhead: false });
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW))).toEqual(['tip>2: +102 @102']);
    expect(brief(server.tick(NOW + 249))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW + 249))).toEqual(['tip>1: +103 @103']);
  });

  test('of a larger reservation serves where the exact one takes too long; that one follows when it pays more', () => {
    const server = two();
    drain(server.publish(held(800_001, WIDE_SPACE, paying(500n)), NOW));
    expect(brief(server.tick(NOW + 250))).toEqual(['full>1: =106']);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(501n)), NOW + 300))).toEqual(['reservation>1: =107']);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(502n)), NOW + 400))).toEqual([]);
  });

  test('of the exact reservation with the same transactions is no news, and what follows it counts as usual', () => {
    const server = two();
    drain(server.publish(held(800_001, WIDE_SPACE, paying(500n)), NOW));
    drain(server.tick(NOW + 250));
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(500n)), NOW + 300))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(501n)), NOW + 400))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(1501n)), NOW + 6000))).toEqual(['fees>1: =107']);
  });

  test('that keeps free less than a client needs never serves it', () => {
    const server = publisher({ emptyAhead: false });
    drain(server.setConstraints(1, WIDE, NOW));
    const sigops = { weight: 100_000, sigops: 3 };
    for (const reserve of [SMALL_SPACE, sigops]) drain(server.publish(held(800_000, reserve), NOW));
    expect(brief(server.tick(NOW + 60_000))).toEqual([]);
    expect(brief(server.publish(held(800_000, { ...sigops, sigops: 4 }), NOW + 60_000))).toEqual(['tip>1: +100 @100']);
  });

  test('that no client could use lets those start on an empty block who wait for long; the full one follows', () => {
    const server = publisher();
    drain(server.setConstraints(2, WIDE, NOW));
    drain(server.setConstraints(3, WIDE, NOW, false));
    drain(server.publish(held(800_000, SMALL_SPACE, paying(6n)), NOW));
    expect(brief(server.tick(NOW + 249))).toEqual([]);
    const empty = drain(server.tick(NOW + 250));
    expect(brief(empty)).toEqual(['tip>2: +100 @100', 'ahead>2: +101']);
    expect(messagesOf(empty)).toMatchObject([
      { coinbaseTxValueRemaining: 50_0000_0000n, coinbaseTxLocktime: 799_999, merklePath: [] },
      { prevHash: hashOf(799_999) },
      { coinbaseTxLocktime: 800_000 },
    ]);
    expect(brief(server.publish(held(800_000, WIDE_SPACE, paying(5n)), NOW + 300))).toEqual([
      'tip>3: +102 @102',
      'full>2: =102',
    ]);
  });

  test('waits for a client that was there before the node’s first one: it is served with what there is', () => {
    const server = publisher();
    drain(server.publish(held(800_000, DEFAULT_RESERVE, paying(500n)), NOW));
    expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual(['constraints>1: +100 @100', 'ahead>1: +101']);
    expect(brief(server.publish(held(800_000, SMALL_SPACE, paying(600n)), NOW + 30))).toEqual(['reservation>1: =102']);
    expect(brief(server.setConstraints(2, WIDE, NOW + 40))).toEqual([]);
    expect(brief(server.publish(held(800_000, WIDE_SPACE, paying(400n)), NOW + 60))).toEqual([
      'constraints>2: +103 @103',
      'ahead>2: +104',
    ]);
  });

  test('of the smallest reservation that is enough is chosen among several', () => {
    const server = publisher();
    for (const weight of [50_000, 8000, 9000]) {
      drain(server.publish(held(800_000, { weight, sigops: 400 }, paying(BigInt(weight))), NOW));
      drain(server.setConstraints(weight, SMALL, NOW)); // keeps nobody's variant
    }
    drain(
      server.setConstraints(1, { coinbaseOutputMaxAdditionalSize: 1708, coinbaseOutputMaxAdditionalSigops: 400 }, NOW),
    );
    drain(server.publish(held(800_000, { weight: 50_000, sigops: 400 }, paying(1n)), NOW));
    const [pair] = messagesOf(server.setConstraints(2, SMALL, NOW));
    expect(pair).toMatchObject({ coinbaseTxValueRemaining: 50_0000_0000n + 1n });
  });
});

describe('another node', () => {
  test('that stood in with a whole template is not asked any more once every reservation has its own again', () => {
    const server = publisher();
    const wide: CoinbaseConstraints = {
      coinbaseOutputMaxAdditionalSize: 20_000,
      coinbaseOutputMaxAdditionalSigops: 400,
    };
    drain(server.setConstraints(1, SMALL, NOW));
    drain(server.setConstraints(2, wide, NOW));
    drain(server.publish(template(800_000, paying(10n)), NOW));
    drain(server.publish(held(800_000, SMALL_SPACE, paying(9000n)), NOW));
    drain(server.publish(held(800_000, coinbaseSpace(wide), paying(8000n)), NOW));
    // Its own is yet to come; the one that has room for it is of now.
    const medium = { coinbaseOutputMaxAdditionalSize: 9000, coinbaseOutputMaxAdditionalSigops: 4 };
    const [pair] = messagesOf(server.setConstraints(3, medium, NOW));
    expect(pair).toMatchObject({ coinbaseTxValueRemaining: 50_0000_0000n + 8000n });
  });

  test('that gives whole templates takes over on the same tip, and gives it back', () => {
    const server = two();
    const whole = template(800_000, paying(20_000n));
    expect(brief(server.publish(whole, NOW + 6000))).toEqual(['fees>1,2: =104']);
    const own = held(800_000, WIDE_SPACE, paying(30_000n));
    expect(brief(server.publish(own, NOW + 12_000))).toEqual(['fees>2: =105']);
    const [first] = messagesOf(server.setConstraints(3, SMALL, NOW + 12_000));
    expect(first).toMatchObject({ coinbaseTxValueRemaining: whole.coinbaseValue });
  });
});
