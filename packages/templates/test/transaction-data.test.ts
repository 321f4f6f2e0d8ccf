import { describe, expect, test } from 'vitest';
import { dataOf, drain, NOW, publisher, serving, SMALL, template, transaction } from './builders.ts';

const TRANSACTIONS = [1, 2, 3].map((name) => transaction({ name }));

describe('RequestTransactionData (§7.4)', () => {
  test('yields the template’s transactions in block order, with nothing in excess (§7.5)', () => {
    const server = publisher();
    drain(server.publish(template(800_000, TRANSACTIONS), NOW));
    drain(server.setConstraints(1, SMALL, NOW));
    expect(dataOf(server, 100n, NOW)).toEqual({
      type: 'RequestTransactionDataSuccess',
      templateId: 100n,
      excessData: new Uint8Array(0),
      transactionList: TRANSACTIONS.map(({ data }) => data),
    });
  });

  test('yields those that this client’s constraints left in', () => {
    const server = publisher();
    drain(server.publish(template(800_000, [...TRANSACTIONS, transaction({ name: 4, weight: 3_990_000 })]), NOW));
    drain(server.setConstraints(1, { ...SMALL, coinbaseOutputMaxAdditionalSize: 5000 }, NOW));
    const answer = dataOf(server, 100n, NOW);
    expect(answer).toMatchObject({ transactionList: TRANSACTIONS.map(({ data }) => data) });
  });

  test('yields nothing at all for an empty template', () => {
    expect(dataOf(serving(800_000), 101n, NOW)).toMatchObject({ transactionList: [] });
  });

  test.each([99n, 102n, 0xffffffffffffffffn])('id %d was never given out: template-id-not-found (§7.6)', (id) => {
    expect(dataOf(serving(800_000), id, NOW)).toEqual({
      type: 'RequestTransactionDataError',
      templateId: id,
      errorCode: 'template-id-not-found',
    });
  });

  test('a template of the current tip is answered for however old it is', () => {
    const server = serving(800_000);
    drain(server.publish(template(800_000, TRANSACTIONS), NOW + 60_000));
    drain(server.tick(NOW + 7_200_000));
    expect(dataOf(server, 100n, NOW + 7_200_000).type).toBe('RequestTransactionDataSuccess');
  });

  test.each([
    { name: 'answered for', tips: 1, after: 10_000, type: 'RequestTransactionDataSuccess' },
    { name: 'stale-template-id', tips: 1, after: 10_001, type: 'RequestTransactionDataError' },
    { name: 'answered for', tips: 3, after: 10_000, type: 'RequestTransactionDataSuccess' },
    { name: 'stale-template-id', tips: 3, after: 10_001, type: 'RequestTransactionDataError' },
  ])('a template $tips tips and $after ms old is $name (§7.6)', ({ name, tips, after, type }) => {
    const server = serving(800_000);
    for (let height = 800_001; height <= 800_000 + tips; height++) drain(server.publish(template(height), NOW));
    drain(server.tick(NOW + after));
    const answer = dataOf(server, 100n, NOW + after);
    expect(answer.type).toBe(type);
    if (answer.type === 'RequestTransactionDataError') expect(answer.errorCode).toBe(name);
  });
});

describe('memory', () => {
  test('templates share the transactions that they have in common, in buffers of their own', () => {
    const server = publisher({ minIntervalMs: 0 });
    drain(server.setConstraints(1, SMALL, NOW));
    const answerOfNode = (fee: bigint) => {
      const buffer = new ArrayBuffer(1 << 20);
      const data = new Uint8Array(buffer, 5, 100).fill(7);
      return template(800_000, [{ ...transaction({ name: 1, fee }), data }]);
    };
    drain(server.publish(answerOfNode(1000n), NOW));
    drain(server.publish(answerOfNode(9000n), NOW));
    const [first, second] = [100n, 102n].map((id) => {
      const answer = dataOf(server, id, NOW);
      return answer.type === 'RequestTransactionDataSuccess' ? answer.transactionList[0] : undefined;
    });
    expect(first).toEqual(new Uint8Array(100).fill(7));
    expect(second).toBe(first);
    expect(first?.buffer.byteLength).toBe(100);
  });

  test('templates of the current tip, of the one before it, and of those in their grace are held: no others', () => {
    const server = serving(1000);
    for (let height = 1001; height <= 1100; height++) {
      drain(server.publish(template(height), NOW + (height - 1000) * 1000));
      drain(server.tick(NOW + (height - 1000) * 1000));
    }
    // two templates per tip: full and ahead; the last 10 s of tips, the current one, and the one in front of them
    expect(server.view().templates).toBe(2 * 12);
    drain(server.tick(NOW + 3_600_000));
    expect(server.view().templates).toBe(2 * 2);
  });
});
