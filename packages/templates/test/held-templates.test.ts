import { describe, expect, test } from 'vitest';
import { type CoinbaseConstraints, coinbaseSpace } from '../src/index.ts';
import {
  brief,
  dataOf,
  drain,
  hashOf,
  messagesOf,
  NOW,
  publisher,
  SMALL,
  template,
  tip,
  transaction,
} from './builders.ts';
import { DEFAULT_RESERVE, held, SMALL_SPACE } from './held.ts';

const WIDE: CoinbaseConstraints = { coinbaseOutputMaxAdditionalSize: 20_000, coinbaseOutputMaxAdditionalSigops: 4 };
const WIDE_SPACE = coinbaseSpace(WIDE);
const paying = (fee: bigint) => [transaction({ name: `pays ${fee}`, fee })];

/** Clients 1 (`SMALL`) and 2 (`WIDE`) have templates of height 800,000: 100 and 102, with 101 and 103 ahead. */
function two(options: Parameters<typeof publisher>[0] = {}) {
  const server = publisher(options);
  drain(server.setConstraints(1, SMALL, NOW));
  drain(server.setConstraints(2, WIDE, NOW));
  drain(server.publish(held(800_000, SMALL_SPACE, paying(9000n)), NOW));
  drain(server.publish(held(800_000, WIDE_SPACE, paying(8000n)), NOW));
  return server;
}

describe('what held templates should keep free', () => {
  test('is what the clients need, each need once, smallest first', () => {
    const server = publisher();
    expect(server.wanted()).toEqual([]);
    for (const [id, constraints] of [WIDE, SMALL, WIDE, SMALL].entries()) {
      drain(server.setConstraints(id, constraints, NOW));
    }
    expect(server.wanted()).toMatchObject([SMALL_SPACE, WIDE_SPACE]);
  });

  test('is forgotten with the last client that needs it, whether it leaves or asks for something else', () => {
    const server = two();
    drain(server.setConstraints(3, WIDE, NOW));
    server.remove(2);
    expect(server.wanted()).toMatchObject([SMALL_SPACE, WIDE_SPACE]);
    drain(server.setConstraints(3, SMALL, NOW));
    expect(server.wanted()).toMatchObject([SMALL_SPACE]);
    server.remove(1);
    server.remove(3);
    server.remove(3);
    expect(server.wanted()).toEqual([]);
  });

  test('beyond the limit, near needs share: one client with huge outputs costs the others nothing', () => {
    const server = publisher({ limits: { reservations: 2 } });
    const sizes = [100, 400_000, 130, 110];
    for (const [id, size] of sizes.entries()) {
      const constraints = { coinbaseOutputMaxAdditionalSize: 1000 + size, coinbaseOutputMaxAdditionalSigops: 9 - id };
      drain(server.setConstraints(id, constraints, NOW));
    }
    expect(server.wanted()).toMatchObject([
      { weight: 1168 + 4 * 1130, sigops: 9 },
      { weight: 1168 + 4 * 401_000, sigops: 8 },
    ]);
    const [first] = server.wanted();
    if (first === undefined) throw new Error('nothing is wanted');
    expect(brief(server.publish(held(800_000, first, paying(1n)), NOW))).toEqual([
      'tip>0,2,3: +100 @100',
      'ahead>0,2,3: +101',
    ]);
  });
});

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

  test('of the next tip finds those of other reservations where they are, until theirs comes', () => {
    const server = two();
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW))).toEqual([
      'tip>2: +104 @104',
      'ahead>2: +105',
    ]);
    expect(brief(server.tick(NOW + 249))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW + 249))).toEqual([
      'tip>1: +106 @106',
      'ahead>1: +107',
    ]);
  });

  test('of a larger reservation serves where the exact one takes too long; that one follows when it pays more', () => {
    const server = two();
    drain(server.publish(held(800_001, WIDE_SPACE, paying(500n)), NOW));
    expect(brief(server.tick(NOW + 250))).toEqual(['tip>1: +104 @104', 'ahead>1: +105']);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(501n)), NOW + 300))).toEqual(['reservation>1: =106']);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(502n)), NOW + 400))).toEqual([]);
  });

  test('of the exact reservation with the same transactions is no news, and what follows it counts as usual', () => {
    const server = two();
    drain(server.publish(held(800_001, WIDE_SPACE, paying(500n)), NOW));
    drain(server.tick(NOW + 250));
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(500n)), NOW + 300))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(501n)), NOW + 400))).toEqual([]);
    expect(brief(server.publish(held(800_001, SMALL_SPACE, paying(1501n)), NOW + 6000))).toEqual(['fees>1: =106']);
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
    const server = two();
    drain(server.setConstraints(3, WIDE, NOW, false));
    drain(server.publish(held(800_001, SMALL_SPACE, paying(6n)), NOW));
    expect(brief(server.tick(NOW + 249))).toEqual([]);
    const empty = drain(server.tick(NOW + 250));
    expect(brief(empty)).toEqual(['tip>2: +106 @106', 'ahead>2: +107']);
    expect(messagesOf(empty)).toMatchObject([
      { coinbaseTxValueRemaining: 50_0000_0000n, coinbaseTxLocktime: 800_000, merklePath: [] },
      { prevHash: hashOf(800_000) },
      { coinbaseTxLocktime: 800_001 },
    ]);
    expect(brief(server.publish(held(800_001, WIDE_SPACE, paying(5n)), NOW + 300))).toEqual([
      'tip>3: +108 @108',
      'full>2: =108',
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

describe('another node', () => {
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

describe('the transactions of a held template (§7.4)', () => {
  const transactions = [1, 2, 3].map((name) => transaction({ name, fee: 9000n }));

  test('are pending until they are here, then answered with', () => {
    const server = publisher();
    drain(server.setConstraints(1, SMALL, NOW));
    const node = held(800_000, SMALL_SPACE, transactions);
    drain(server.publish(node, NOW));
    const answer = server.transactionData(100n, NOW);
    expect('kind' in answer && answer.origin === node).toBe(true);
    server.complete(node, transactions);
    expect(dataOf(server, 100n, NOW)).toEqual({
      type: 'RequestTransactionDataSuccess',
      templateId: 100n,
      excessData: new Uint8Array(0),
      transactionList: transactions.map(({ data }) => data),
    });
  });

  test('that are none are not waited for', () => {
    const server = publisher();
    drain(server.setConstraints(1, SMALL, NOW));
    drain(server.publish(held(800_000, SMALL_SPACE), NOW));
    expect(dataOf(server, 100n, NOW)).toMatchObject({ transactionList: [] });
  });

  test.each([
    { name: 'too many', list: [1, 2, 3, 4] },
    { name: 'others', list: [7, 2, 3] },
    { name: 'none', list: [] },
  ])('cannot be those of another one: $name', ({ list }) => {
    const server = publisher();
    const node = held(800_000, SMALL_SPACE, transactions);
    drain(server.publish(node, NOW));
    expect(() =>
      server.complete(
        node,
        list.map((name) => transaction({ name })),
      ),
    ).toThrow('not the transactions');
  });

  test('are shared between templates, variants and tips, in buffers of their own', () => {
    const server = publisher({ minIntervalMs: 0 });
    drain(server.setConstraints(1, SMALL, NOW));
    drain(server.setConstraints(2, WIDE, NOW));
    const frame = (fee: bigint) => {
      const data = new Uint8Array(new ArrayBuffer(1 << 20), 5, 100).fill(7);
      return [{ ...transaction({ name: 1, fee }), data }];
    };
    const given = [
      held(800_000, SMALL_SPACE, frame(1000n)),
      held(800_000, WIDE_SPACE, frame(1000n)),
      held(800_000, SMALL_SPACE, frame(9000n)),
      held(800_001, WIDE_SPACE, frame(9000n)),
    ];
    const blobs = given.flatMap((node) => {
      const messages = messagesOf(server.publish(node, NOW));
      server.complete(node, frame(0n));
      const [first] = messages.flatMap((message) => (message.type === 'NewTemplate' ? message.templateId : []));
      return first === undefined ? [] : dataOf(server, first, NOW);
    });
    const lists = blobs.map((answer) => ('transactionList' in answer ? answer.transactionList[0] : undefined));
    expect(lists).toHaveLength(4);
    expect(new Set(lists).size).toBe(1);
    expect(lists[0]?.buffer.byteLength).toBe(100);
  });
});

describe('what the host may release', () => {
  test('is a template that clients were never given, when a better one is there', () => {
    const server = two();
    const [first, second] = [9001n, 9002n].map((fee) => held(800_000, SMALL_SPACE, paying(fee)));
    if (first === undefined || second === undefined) throw new Error('no templates');
    expect(server.holds(first)).toBe(false);
    drain(server.publish(first, NOW));
    expect(server.holds(first)).toBe(true);
    drain(server.publish(second, NOW));
    expect([server.holds(first), server.holds(second)]).toEqual([false, true]);
  });

  test('is a template whose reservation nobody wants any more, when the next one of another comes', () => {
    const server = publisher();
    const unused = held(800_000, DEFAULT_RESERVE);
    drain(server.publish(unused, NOW));
    expect(server.holds(unused)).toBe(true);
    drain(server.publish(held(800_000, SMALL_SPACE), NOW));
    expect(server.holds(unused)).toBe(false);
  });

  test('is no template that a client was given, until two tips and the grace have passed', () => {
    const server = publisher();
    drain(server.setConstraints(1, SMALL, NOW));
    const given = held(800_000, SMALL_SPACE, paying(5n));
    drain(server.publish(given, NOW));
    server.remove(1);
    drain(server.publish(template(800_001), NOW));
    drain(server.tick(NOW + 3_600_000));
    expect(server.holds(given)).toBe(true);
    drain(server.publish(template(800_002), NOW + 3_600_000));
    expect(server.holds(given)).toBe(false);
  });

  test('is everything, some time after the node went away', () => {
    const server = publisher();
    const unused = held(800_000, SMALL_SPACE, paying(5n), { prevHash: hashOf('elsewhere') });
    drain(server.publish(unused, NOW));
    server.withdraw(NOW);
    expect(server.holds(unused)).toBe(false);
  });
});
