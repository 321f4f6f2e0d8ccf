import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coinbaseSpace,
  type NodeTemplate,
  TemplateClient,
  TemplateFitter,
  type TemplatePublisher,
} from '../src/index.ts';
import type { NodeTransaction } from '../src/node-template.ts';
import { drain, messagesOf, NOW, publisher, REGTEST_NBITS, SMALL, template, transaction } from './builders.ts';
import { held, SMALL_SPACE } from './held.ts';
import { coinbaseOf, mine } from './mining.ts';

const SPEC = { nbits: REGTEST_NBITS };

/** A server with one client, and the work it has of this template. */
function working(node: NodeTemplate, size: number) {
  const server = publisher();
  const client = new TemplateClient();
  const constraints = client.constraints({ ...SMALL, coinbaseOutputMaxAdditionalSize: size });
  drain(server.setConstraints(1, constraints, NOW));
  for (const message of messagesOf(server.publish(node, NOW))) client.receive(message);
  if (client.current === undefined) throw new Error('no work');
  return { server, ...client.current };
}

function solve(server: TemplatePublisher, solution: ReturnType<typeof mine>) {
  const outcome = server.solve(solution);
  if (outcome.kind !== 'block') throw new Error(outcome.code);
  return outcome;
}

/** A held template of the transactions that fit beside `size` bytes of outputs, as a node would choose them. */
function chosen(list: readonly NodeTransaction[], size: number) {
  const space = coinbaseSpace({ ...SMALL, coinbaseOutputMaxAdditionalSize: size });
  const whole = template(101, list, SPEC);
  const kept = new TemplateFitter(whole, list).fit(space).transactions;
  const transactions = list.filter(({ txid }) => kept.some((one) => one.txid === txid));
  return { whole, transactions, node: held(101, space, transactions, SPEC) };
}

const mempool = fc
  .array(fc.record({ weight: fc.integer({ min: 400, max: 900_000 }), fee: fc.bigInt({ min: 0n, max: 9000n }) }), {
    maxLength: 12,
  })
  .map((list) => list.map((spec, name) => transaction({ name, ...spec })));

describe('a solution for a held template (§7.7)', () => {
  test('is the same block as for the whole one, when and however the transactions come', () => {
    fc.assert(
      fc.property(mempool, fc.integer({ min: 43, max: 200_000 }), fc.boolean(), (list, size, segwit) => {
        const { whole, transactions, node } = chosen(list, size);
        const a = working(whole, size);
        const b = working(node, size);
        expect(b.template).toEqual(a.template);
        expect(b.tip).toEqual(a.tip);
        const solution = mine(a.template, a.tip, { segwit });
        const { block, ...expected } = solve(a.server, solution);
        const before = solve(b.server, solution);
        expect(before).toMatchObject({ header: expected.header, coinbase: expected.coinbase, hash: expected.hash });
        expect(before.origin).toBe(node);
        expect(b.server.blockOf(before)).toEqual(transactions.length === 0 ? block : undefined);
        b.server.complete(node, transactions);
        expect(b.server.blockOf(before)).toEqual(block);
        expect(solve(b.server, solution).block).toEqual(block);
      }),
      { numRuns: 50 },
    );
  });

  test('says what the node is to be handed: the whole coinbase, with its witness', () => {
    const { node } = chosen([transaction({ name: 1 })], 43);
    const { server, template: work, tip } = working(node, 43);
    const outcome = solve(server, mine(work, tip, { segwit: false }));
    expect(outcome).toMatchObject({ origin: node, block: undefined, height: 101, stale: false });
    expect(outcome.coinbase).toEqual(coinbaseOf(work));
  });

  test('becomes a block even when the transactions come after the template is forgotten', () => {
    const { node, transactions } = chosen([transaction({ name: 1 })], 43);
    const { server, template: work, tip } = working(node, 43);
    const outcome = solve(server, mine(work, tip));
    for (const height of [102, 103]) drain(server.publish(template(height), NOW + height * 60_000));
    expect(server.holds(node)).toBe(false);
    server.complete(node, transactions);
    expect(server.blockOf(outcome)?.subarray(0, 80)).toEqual(outcome.header);
  });

  test('is of the node’s template as long as one of two ids for it is in use', () => {
    const server = publisher({ minIntervalMs: 0, emptyAhead: false, limits: { templatesPerTip: 3 } });
    const node = held(101, SMALL_SPACE, [transaction({ name: 1 })], SPEC);
    drain(server.publish(node, NOW));
    for (const id of [1, 2, 1]) drain(server.setConstraints(id, SMALL, NOW)); // ids 100 for both, then 101 for client 1
    server.pause(1);
    for (const name of [2, 3]) {
      const better = [transaction({ name, fee: 1000n * BigInt(name) })];
      drain(server.publish(held(101, SMALL_SPACE, better, SPEC), NOW));
    }
    expect(server.transactionData(100n, NOW)).toMatchObject({ type: 'RequestTransactionDataError' });
    expect(server.transactionData(101n, NOW)).toMatchObject({ origin: node });
    expect(server.holds(node)).toBe(true);
  });
});
