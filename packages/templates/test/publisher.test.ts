import { ProtocolError } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import {
  brief,
  dataOf,
  drain,
  hashOf,
  messagesOf,
  NOW,
  publisher,
  serving,
  SMALL,
  template,
  transaction,
} from './builders.ts';

const paying = (fee: bigint) => [transaction({ name: 'base', fee })];
const LARGE = { coinbaseOutputMaxAdditionalSize: 999_000, coinbaseOutputMaxAdditionalSigops: 0 };

describe('first template (§7)', () => {
  test('constraints are answered at once with the best template, its tip, and an empty one for the next height', () => {
    const server = publisher();
    drain(server.publish(template(800_000, paying(5000n)), NOW));
    expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual(['constraints>1: +100 @100', 'ahead>1: +101']);
  });

  test('the messages carry the node’s template in full', () => {
    const server = publisher();
    const node = template(800_000, paying(5000n));
    drain(server.publish(node, NOW));
    const [future, tip, ahead] = messagesOf(server.setConstraints(1, SMALL, NOW + 2500));
    expect(future).toMatchObject({
      templateId: 100n,
      futureTemplate: true,
      version: 0x20000000,
      coinbaseTxVersion: 2,
      coinbaseTxInputSequence: 0xfffffffe,
      coinbaseTxValueRemaining: node.coinbaseValue,
      coinbaseTxOutputsCount: 1,
      coinbaseTxLocktime: 799_999,
      merklePath: [node.transactions[0]?.txid],
    });
    expect(tip).toEqual({
      type: 'SetNewPrevHash',
      templateId: 100n,
      prevHash: node.prevHash,
      headerTimestamp: node.curtime + 2, // the node's clock runs on
      nbits: node.nbits,
      target: node.target,
    });
    expect(ahead).toMatchObject({ futureTemplate: true, coinbaseTxLocktime: 800_000, merklePath: [] });
  });

  test('a client that comes before the node’s first template gets it when it is there', () => {
    const server = publisher();
    expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual([]);
    expect(brief(server.publish(template(800_000), NOW))).toEqual(['tip>1: +100 @100', 'ahead>1: +101']);
  });

  test('re-sent constraints are answered with a new pair under new ids', () => {
    const server = serving(800_000);
    expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual(['constraints>1: +102 @102', 'ahead>1: +103']);
  });

  test('a second client shares the ids of the first until either asks again', () => {
    const server = serving(800_000);
    expect(brief(server.setConstraints(2, SMALL, NOW))).toEqual(['constraints>2: +100 @100', 'ahead>2: +101']);
  });

  test('each client gets what its own outputs leave room for', () => {
    const server = publisher();
    drain(server.setConstraints(1, SMALL, NOW));
    drain(server.setConstraints(2, LARGE, NOW));
    drain(server.setConstraints(3, SMALL, NOW));
    const node = template(800_000, [transaction({ name: 1, weight: 4000, fee: 5000n })]);
    const deliveries = drain(server.publish(node, NOW));
    expect(brief(deliveries)).toEqual(['tip>1,3: +100 @100', 'tip>2: +101 @101', 'ahead>1,2,3: +102']);
    const values = messagesOf(deliveries).flatMap((m) => (m.type === 'NewTemplate' ? m.coinbaseTxValueRemaining : []));
    expect(values).toEqual([50_0000_5000n, 50_0000_0000n, 50_0000_0000n]);
  });

  test('constraints that no block can meet end the connection and change nothing', () => {
    const server = publisher();
    const absurd = { coinbaseOutputMaxAdditionalSize: 1_000_001, coinbaseOutputMaxAdditionalSigops: 0 };
    expect(() => drain(server.setConstraints(1, absurd, NOW))).toThrow(ProtocolError);
    expect(server.view().clients).toBe(0);
  });
});

describe('better templates on the same tip (§7)', () => {
  test('are sent, for immediate use, when fees rose enough and the interval has passed', () => {
    const server = serving(800_000);
    drain(server.publish(template(800_000, paying(5000n)), NOW + 1000));
    expect(brief(server.tick(NOW + 4999))).toEqual([]);
    expect(brief(server.tick(NOW + 5000))).toEqual(['fees>1: =102']);
    expect(brief(server.publish(template(800_000, paying(5999n)), NOW + 20_000))).toEqual([]);
    expect(brief(server.publish(template(800_000, paying(6000n)), NOW + 20_000))).toEqual(['fees>1: =103']);
  });

  test('a template that pays less, or the same, is not worth a message even without a threshold', () => {
    const server = serving(800_000, { publisher: { feeThreshold: 0n, minIntervalMs: 0 } });
    expect(brief(server.publish(template(800_000, paying(0n)), NOW))).toEqual([]);
    expect(brief(server.publish(template(800_000, paying(1n)), NOW))).toEqual(['fees>1: =102']);
    expect(brief(server.publish(template(800_000), NOW))).toEqual([]);
  });

  test('a choice of the node that pays less, or hardly more, is followed when it has lasted', () => {
    const [kept, leftOut] = [transaction({ name: 'kept', fee: 500n }), transaction({ name: 'left out', fee: 9000n })];
    const server = publisher();
    drain(server.publish(template(800_000, [kept, leftOut]), NOW));
    drain(server.setConstraints(1, SMALL, NOW));
    expect(brief(server.publish(template(800_000, [kept]), NOW + 60_000))).toEqual([]);
    expect(brief(server.tick(NOW + 89_999))).toEqual([]);
    expect(brief(server.tick(NOW + 90_000))).toEqual(['choice>1: =102']);
    expect(brief(server.tick(NOW + 200_000))).toEqual([]);
    const takenIn = transaction({ name: 'taken in', fee: 1n });
    expect(brief(server.publish(template(800_000, [takenIn, kept]), NOW + 200_000))).toEqual([]);
    expect(brief(server.publish(template(800_000, [takenIn, kept]), NOW + 230_000))).toEqual(['choice>1: =103']);
  });

  test('a node that is restarted, and has its transactions again soon, leaves what is mined as it is', () => {
    const server = serving(800_000);
    drain(server.publish(template(800_000, paying(5000n)), NOW + 5000));
    expect(brief(server.publish(template(800_000), NOW + 60_000))).toEqual([]);
    expect(brief(server.publish(template(800_000, paying(5000n)), NOW + 80_000))).toEqual([]);
    expect(brief(server.tick(NOW + 95_000))).toEqual([]);
  });

  test('are sent too when the clock was set back by an hour', () => {
    const server = serving(800_000);
    const hourAgo = NOW - 3_600_000;
    expect(brief(server.publish(template(800_000, paying(5000n)), hourAgo))).toEqual(['fees>1: =102']);
    expect(brief(server.publish(template(800_000, paying(9000n)), hourAgo + 4999))).toEqual([]);
    expect(brief(server.tick(hourAgo + 5000))).toEqual(['fees>1: =103']);
  });

  test('the interval counts for each client from its own last template', () => {
    const server = serving(800_000);
    drain(server.setConstraints(2, SMALL, NOW + 3000));
    drain(server.publish(template(800_000, paying(9000n)), NOW + 3000));
    expect(brief(server.tick(NOW + 5000))).toEqual(['fees>1: =102']);
    expect(brief(server.tick(NOW + 8000))).toEqual(['fees>2: =102']);
  });

  test('what a client has no room for is no gain to it', () => {
    const server = publisher();
    drain(server.publish(template(800_000), NOW));
    drain(server.setConstraints(1, LARGE, NOW));
    const node = template(800_000, [transaction({ name: 1, weight: 4000, fee: 5000n })]);
    expect(brief(server.publish(node, NOW + 60_000))).toEqual([]);
  });

  test('a slow reader is spared them, and gets the latest when it reads again', () => {
    const server = serving(800_000);
    server.pause(1);
    expect(brief(server.publish(template(800_000, paying(5000n)), NOW + 6000))).toEqual([]);
    expect(brief(server.publish(template(800_000, paying(9000n)), NOW + 12_000))).toEqual([]);
    const [update, ...rest] = messagesOf(server.resume(1, NOW + 13_000));
    expect(update).toMatchObject({ futureTemplate: false, coinbaseTxValueRemaining: 50_0000_9000n });
    expect(rest).toEqual([]);
  });

  test('push out the oldest that no client is on, at the bound on templates per tip', () => {
    const server = serving(800_000, {
      clients: [1, 2],
      publisher: { minIntervalMs: 0, limits: { templatesPerTip: 4 } },
    });
    server.pause(2); // stays on template 100
    const better = (step: bigint) => brief(server.publish(template(800_000, paying(step * 1000n)), NOW));
    expect([better(1n), better(2n), better(3n)]).toEqual([['fees>1: =102'], ['fees>1: =103'], ['fees>1: =104']]);
    const held = [100n, 101n, 102n, 103n, 104n].filter((id) => dataOf(server, id, NOW).type.endsWith('Success'));
    expect(held).toEqual([100n, 101n, 103n, 104n]);
    expect(brief(server.publish(template(800_001), NOW))).toEqual(['tip>1,2: +105 @105', 'ahead>1,2: +106']);
  });

  test('another difficulty on the same tip is a new future template and its SetNewPrevHash, at once (§7.3)', () => {
    const server = serving(800_000);
    const deliveries = drain(server.publish(template(800_000, [], { nbits: 0x1c00ffff }), NOW + 1));
    expect(brief(deliveries)).toEqual(['nbits>1: +102 @102', 'ahead>1: +103']);
    expect(messagesOf(deliveries)[1]).toMatchObject({ nbits: 0x1c00ffff, prevHash: hashOf(799_999) });
  });

  test('a client that left gets nothing', () => {
    const server = serving(800_000, { clients: [1, 2] });
    server.remove(1);
    server.pause(1);
    expect(brief(server.resume(1, NOW))).toEqual([]);
    expect(brief(server.publish(template(800_001), NOW))).toEqual(['tip>2: +102 @102', 'ahead>2: +103']);
  });
});

describe('the header timestamp of SetNewPrevHash (§7.3)', () => {
  const timestamp = (receivedAtMs: number, nowMs: number, mintime = 0) => {
    const server = publisher();
    drain(server.publish(template(800_000, [], { curtime: 5000, mintime, receivedAtMs }), nowMs));
    return messagesOf(server.setConstraints(1, SMALL, nowMs))[1];
  };

  test.each([
    { name: 'is the node’s time', now: NOW, mintime: 0, timestamp: 5000 },
    { name: 'runs on with the host’s clock', now: NOW + 90_999, mintime: 0, timestamp: 5090 },
    { name: 'stands when the host’s clock goes back', now: NOW - 60_000, mintime: 0, timestamp: 5000 },
    { name: 'is never below what consensus allows', now: NOW, mintime: 5555, timestamp: 5555 },
  ])('$name', ({ now, mintime, timestamp: headerTimestamp }) => {
    expect(timestamp(NOW, now, mintime)).toMatchObject({ headerTimestamp });
  });
});

test('templates that clients may solve are listed with what they are and whether they still count', () => {
  const server = serving(800_000);
  const brief = () => Array.from(server.templates(), ({ templateId, state, height }) => [templateId, state, height]);
  expect(brief()).toEqual([
    [100n, 'active', 800_000],
    [101n, 'future', 800_001],
  ]);
  drain(server.publish(template(800_001, paying(5n)), NOW + 1000));
  const [first] = server.templates();
  expect(first).toMatchObject({
    state: 'active',
    height: 800_001,
    fees: 5n,
    transactions: [{ fee: 5n, weight: expect.any(Number) }],
    origin: undefined,
    prevHash: hashOf(800_000),
  });
  expect(first).toEqual(server.template(first?.templateId ?? 0n));
  expect(server.template(100n)).toMatchObject({ state: 'stale', height: 800_000 });
  expect(server.template(99n)).toBeUndefined();
  expect(brief()).toContainEqual([100n, 'stale', 800_000]);
});
