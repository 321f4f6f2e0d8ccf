import { decodeOutputs, merklePathOf, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coinbaseSpace, type WholeTemplate, TemplateFitter } from '../src/index.ts';
import { SUBSIDY, template, transaction, type TransactionSpec } from './builders.ts';

const fitter = (node: WholeTemplate) => new TemplateFitter(node, node.transactions);
const names = (node: WholeTemplate, size: number, sigops = 0): number[] => {
  const space = coinbaseSpace({
    coinbaseOutputMaxAdditionalSize: size,
    coinbaseOutputMaxAdditionalSigops: sigops,
  });
  const { transactions } = fitter(node).fit(space);
  return transactions.map((kept) => node.transactions.findIndex(({ wtxid }) => wtxid === kept.wtxid));
};
/** 998 pairs of parent and child, 2,000 weight units each: all that a node fits beside its reserve of 8,000. */
function fullBlock(): WholeTemplate {
  const transactions = Array.from({ length: 1996 }, (_, i) =>
    transaction({ name: i, weight: 2000, fee: BigInt(5000 - i), depends: i % 2 === 1 ? [i - 1] : [] }),
  );
  return template(840_001, transactions);
}

describe('fitting a template to a coinbase (§7.1)', () => {
  test('50 kB of outputs on a full block: the tail goes, value, path and commitment follow', () => {
    const node = fullBlock();
    const space = coinbaseSpace({ coinbaseOutputMaxAdditionalSize: 50_000, coinbaseOutputMaxAdditionalSigops: 4 });
    const fitted = fitter(node).fit(space);
    const kept = node.transactions.slice(0, 1899);
    expect(fitted.transactions).toEqual(kept);
    expect(fitted.dropped).toBe(97);
    expect(fitted.weight + space.weight).toBeLessThanOrEqual(4_000_000);
    expect(fitted.fees).toBe(kept.reduce((sum, { fee }) => sum + fee, 0n));
    expect(fitted.valueRemaining).toBe(SUBSIDY + fitted.fees);
    expect(fitted.merklePath).toEqual(merklePathOf(kept.map(({ txid }) => txid)));
    expect(decodeOutputs(fitted.outputs, fitted.outputsCount)).toEqual([
      witnessCommitmentOutput(kept.map(({ wtxid }) => wtxid)),
    ]);
  });

  test('what the node reserved is enough for small outputs: the block stays whole, with the node’s own commitment', () => {
    const script = Uint8Array.of(0x6a, 0x01, 0x42);
    const node = { ...fullBlock(), defaultWitnessCommitment: script };
    const fitted = fitter(node).fit({ weight: 8000, sigops: 400 });
    expect(fitted.dropped).toBe(0);
    expect(fitted.valueRemaining).toBe(node.coinbaseValue);
    expect(decodeOutputs(fitted.outputs, fitted.outputsCount)).toEqual([{ value: 0n, script }]);
  });

  test('children go with their parent, and smaller transactions behind it stay', () => {
    const node = template(101, [
      transaction({ name: 'first', weight: 2_000_000 }),
      transaction({ name: 'large parent', weight: 1_990_000 }),
      transaction({ name: 'child', depends: [1] }),
      transaction({ name: 'grandchild', depends: [2] }),
      transaction({ name: 'unrelated' }),
      transaction({ name: 'child of two', depends: [0, 3] }),
    ]);
    expect(names(node, 0)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(names(node, 5000)).toEqual([0, 4]);
  });

  test('sigops bound a block as weight does', () => {
    const node = template(101, [
      transaction({ name: 'a', sigops: 40_000 }),
      transaction({ name: 'b', sigops: 39_000 }),
      transaction({ name: 'c', sigops: 500 }),
    ]);
    expect(names(node, 0, 500)).toEqual([0, 1, 2]);
    expect(names(node, 0, 501)).toEqual([0, 1]);
    expect(names(node, 0, 1001)).toEqual([0, 2]);
    expect(names(node, 0, 0xffff)).toEqual([2]);
  });

  test('a chain without segregated witness gets no commitment', () => {
    const node: WholeTemplate = { ...template(101), defaultWitnessCommitment: undefined };
    const { outputs, outputsCount } = fitter(node).fit({ weight: 2000, sigops: 0 });
    expect({ outputs, outputsCount }).toEqual({ outputs: new Uint8Array(0), outputsCount: 0 });
  });

  test('clients with the same needs, or with none beyond the node’s reserve, share one result', () => {
    const fit = fitter(fullBlock());
    expect(fit.fit({ weight: 2000, sigops: 0 })).toBe(fit.fit({ weight: 8000, sigops: 16 }));
    expect(fit.fit({ weight: 9000, sigops: 0 })).toBe(fit.fit({ weight: 9000, sigops: 0 }));
    expect(fit.fit({ weight: 9000, sigops: 0 })).not.toBe(fit.fit({ weight: 8000, sigops: 0 }));
  });

  test('whatever the mempool, the result is within limits, closed under ancestors, in order, and worth its fees', () => {
    const specs = fc
      .array(
        fc.record({
          fee: fc.bigInt({ min: 0n, max: 100_000n }),
          weight: fc.integer({ min: 240, max: 400_000 }),
          sigops: fc.integer({ min: 0, max: 20_000 }),
          parents: fc.array(fc.nat(), { maxLength: 3 }),
        }),
        { maxLength: 60 },
      )
      .map((list) =>
        list.map(({ parents, ...rest }, i): TransactionSpec => {
          return { name: i, ...rest, depends: i === 0 ? [] : [...new Set(parents.map((parent) => parent % i))] };
        }),
      );
    const size = fc.integer({ min: 0, max: 999_708 });
    const sigops = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(specs, size, sigops, (list, coinbaseOutputMaxAdditionalSize, coinbaseOutputMaxAdditionalSigops) => {
        const node = template(101, list.map(transaction));
        const space = coinbaseSpace({ coinbaseOutputMaxAdditionalSize, coinbaseOutputMaxAdditionalSigops });
        const fitted = fitter(node).fit(space);
        const kept = fitted.transactions.map((one) => node.transactions.findIndex(({ wtxid }) => wtxid === one.wtxid));
        const sum = (field: 'weight' | 'sigops') =>
          kept.reduce((total, index) => total + (node.transactions[index]?.[field] ?? Number.NaN), 0);
        expect(kept).toEqual(kept.toSorted((a, b) => a - b));
        expect(space.weight + sum('weight')).toBeLessThanOrEqual(node.weightLimit);
        expect(space.sigops + sum('sigops')).toBeLessThanOrEqual(node.sigopLimit);
        for (const index of kept) expect(kept).toEqual(expect.arrayContaining([...(list[index]?.depends ?? [])]));
        const fees = kept.reduce((total, index) => total + (node.transactions[index]?.fee ?? 0n), 0n);
        expect(fitted.fees).toBe(fees);
        expect(fitted.valueRemaining).toBe(SUBSIDY + fees);
        expect(fitted.merklePath).toEqual(merklePathOf(fitted.transactions.map(({ txid }) => txid)));
        expect(fitted.dropped).toBe(list.length - kept.length);
      }),
    );
  });
});
