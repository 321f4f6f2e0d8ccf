import { describe, expect, test } from 'vitest';
import { dataOf, drain, hashOf, messagesOf, NOW, publisher, SMALL, template, transaction } from './builders.ts';
import { DEFAULT_RESERVE, held, paying, SMALL_SPACE, two, WIDE, WIDE_SPACE } from './held.ts';

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
