import { encodeOutputs, outputSigops, sameBytes, scriptFromAddress } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dustLimit, feeOf, outputLimits, Shares, Split, type Weight } from '../src/index.ts';
import {
  addressOf,
  CHAIN,
  feesPpm,
  POOL_SCRIPT,
  poolScripts,
  scripts,
  someLimits,
  sum,
  TERMS,
  total,
  values,
  weights,
} from './support.ts';

const rules = fc
  .record({ poolScript: poolScripts, feePpm: feesPpm, weights, limits: someLimits })
  .map(({ poolScript, feePpm, limits, ...rest }) => {
    const terms = { poolScript, feePpm, chain: CHAIN } as const;
    return { ...rest, terms, limits: outputLimits(poolScript, limits) };
  });

describe('dues', () => {
  test('fee, donations and amounts are the revenue, to the satoshi', () => {
    fc.assert(
      fc.property(weights, values, feesPpm, (given, revenue, feePpm) => {
        const { entries, fee, donated } = new Shares(given).dues(revenue, feePpm);
        expect(sum(entries.map(({ amount }) => amount)) + fee + donated).toBe(revenue);
      }),
    );
  });

  test('the fee is the exact part of the revenue, rounded down; all of it where nobody has worked', () => {
    fc.assert(
      fc.property(weights, values, feesPpm, (given, revenue, feePpm) => {
        const { fee } = new Shares(given).dues(revenue, feePpm);
        const worked = given.some(({ work }) => work > 0n);
        expect(fee).toBe(worked ? feeOf(revenue, feePpm) : revenue);
      }),
    );
  });

  test('nobody gets a satoshi more or less than the exact part, unless it was donated', () => {
    fc.assert(
      fc.property(weights, values, (given, revenue) => {
        const users = given.map((weight) => ({ ...weight, donation: 0 }));
        const work = sum(users.map((weight) => weight.work));
        const due = new Map(new Shares(users).dues(revenue, 0).entries.map(({ account, amount }) => [account, amount]));
        for (const account of new Set(users.map((weight) => weight.account))) {
          if (account === '' || work === 0n) continue;
          const own = sum(users.filter((weight) => weight.account === account).map((weight) => weight.work));
          const exact = (revenue * own) / work;
          expect([exact, exact + 1n]).toContain(due.get(account) ?? 0n);
        }
      }),
    );
  });

  test('the order in which weights come makes no difference', () => {
    const shuffled = weights.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    );
    fc.assert(
      fc.property(shuffled, values, feesPpm, ([given, other], revenue, feePpm) => {
        expect(new Shares(other).dues(revenue, feePpm)).toEqual(new Shares(given).dues(revenue, feePpm));
      }),
    );
  });

  test('a donor of a tenth leaves a tenth of what is due after the fee', () => {
    const given: Weight[] = [
      { account: 'alice', donation: 10, work: 1n },
      { account: 'bob', donation: 0, work: 1n },
    ];
    expect(new Shares(given).dues(1_000_000n, 20_000)).toEqual({
      entries: [
        { account: 'bob', amount: 490_000n },
        { account: 'alice', amount: 441_000n },
      ],
      fee: 20_000n,
      donated: 49_000n,
    });
  });

  test.each([
    ['a negative weight', { account: 'a', donation: 0, work: -1n }],
    ['a donation above all', { account: 'a', donation: 101, work: 1n }],
  ])('%s is refused', (_, weight) => {
    expect(() => new Shares([weight])).toThrow(RangeError);
  });
});

describe('outputs of a coinbase', () => {
  test('they sum to the value, and so do dues, fee and donations less what is forgone', () => {
    fc.assert(
      fc.property(rules, values, (rule, value) => {
        const { outputs, entries, fee, donated, forgone } = new Split(rule).of(value);
        expect(total(outputs)).toBe(value);
        expect(sum(entries.map(({ amount }) => amount)) + fee + donated - forgone).toBe(value);
        expect(forgone <= fee + donated).toBe(true);
      }),
    );
  });

  test('what is paid directly leaves in its outputs, and the rest is the pool’s output', () => {
    fc.assert(
      fc.property(rules, values, (rule, value) => {
        const { outputs, entries } = new Split(rule).of(value);
        const isPools = ({ script }: { script: Uint8Array }) => sameBytes(script, rule.terms.poolScript);
        const users = outputs.filter((output) => !isPools(output));
        const direct = entries.filter(
          (entry) => entry.direct > 0n && entry.account !== addressOf(rule.terms.poolScript),
        );
        expect(users.map(({ script, value: paid }) => [addressOf(script), paid])).toEqual(
          direct.map((entry) => [entry.account, entry.direct]),
        );
        expect(outputs.filter(isPools).length).toBeLessThanOrEqual(1);
        for (const { amount, direct: paid } of entries) expect([0n, amount]).toContain(paid);
      }),
    );
  });

  test('none is dust or below the least, unless the whole value is', () => {
    fc.assert(
      fc.property(rules, values, (rule, value) => {
        const { outputs } = new Split(rule).of(value);
        if (outputs.length === 1) return;
        for (const { script, value: paid } of outputs) {
          expect(paid >= dustLimit(script)).toBe(true);
          const isPools = sameBytes(script, rule.terms.poolScript);
          expect(isPools || paid >= rule.limits.leastOutput).toBe(true);
        }
      }),
    );
  });

  test('they keep within the outputs, bytes and sigops that are asked for (§7.1)', () => {
    fc.assert(
      fc.property(rules, values, (rule, value) => {
        const { outputs } = new Split(rule).of(value);
        expect(outputs.length).toBeLessThanOrEqual(Math.max(1, rule.limits.mostOutputs));
        expect(encodeOutputs(outputs).length).toBeLessThanOrEqual(rule.limits.mostBytes);
        expect(outputSigops(outputs)).toBeLessThanOrEqual(rule.limits.mostSigops);
      }),
    );
  });

  test('the order in which weights come makes no difference', () => {
    const shuffled = rules.chain((rule) =>
      fc.tuple(
        fc.constant(rule),
        fc
          .shuffledSubarray(rule.weights, { minLength: rule.weights.length })
          .map((other) => ({ ...rule, weights: other })),
      ),
    );
    fc.assert(
      fc.property(shuffled, values, ([rule, other], value) => {
        expect(new Split(other).of(value)).toEqual(new Split(rule).of(value));
      }),
    );
  });

  test('the first accounts are paid when there is not room for all', () => {
    const given = [5n, 3n, 2n].map((work, n) => ({ account: addressOf(scripts.p2tr(n)), donation: 0, work }));
    const limits = outputLimits(POOL_SCRIPT, { leastOutput: 0n, mostOutputs: 3 });
    const { outputs, entries } = new Split({ terms: { ...TERMS, feePpm: 0 }, limits, weights: given }).of(100_000n);
    expect(outputs).toEqual([
      { value: 20_000n, script: POOL_SCRIPT },
      { value: 50_000n, script: scripts.p2tr(0) },
      { value: 30_000n, script: scripts.p2tr(1) },
    ]);
    expect(entries.at(-1)).toEqual({ account: addressOf(scripts.p2tr(2)), amount: 20_000n, direct: 0n });
  });

  test('a fee that would be dust is left to the first account', () => {
    const account = addressOf(scripts.p2tr(1));
    const limits = outputLimits(POOL_SCRIPT, { leastOutput: 0n, mostOutputs: 9 });
    const split = new Split({ terms: TERMS, limits, weights: [{ account, donation: 0, work: 1n }] });
    expect(split.of(20_000n)).toEqual({
      outputs: [{ value: 20_000n, script: scripts.p2tr(1) }],
      entries: [{ account, amount: 20_000n, direct: 20_000n }],
      fee: 200n,
      donated: 0n,
      forgone: 200n,
    });
  });

  test('what is owed to a name is never left to another: one account less is paid directly', () => {
    const account = addressOf(scripts.p2tr(1));
    const limits = outputLimits(POOL_SCRIPT, { leastOutput: 0n, mostOutputs: 9 });
    const given = [
      { account, donation: 0, work: 999n },
      { account: 'alice', donation: 0, work: 1n },
    ];
    const split = new Split({ terms: { ...TERMS, feePpm: 0 }, limits, weights: given });
    expect(split.of(100_000n)).toEqual({
      outputs: [{ value: 100_000n, script: POOL_SCRIPT }],
      entries: [
        { account, amount: 99_900n, direct: 0n },
        { account: 'alice', amount: 100n, direct: 0n },
      ],
      fee: 0n,
      donated: 0n,
      forgone: 0n,
    });
  });

  test('a user who names the pool’s own address is paid by its output', () => {
    const account = addressOf(POOL_SCRIPT);
    const limits = outputLimits(POOL_SCRIPT, { leastOutput: 0n, mostOutputs: 9 });
    const split = new Split({ terms: TERMS, limits, weights: [{ account, donation: 0, work: 1n }] });
    expect(split.of(1_000_000n)).toMatchObject({
      outputs: [{ value: 1_000_000n, script: POOL_SCRIPT }],
      entries: [{ account, amount: 990_000n, direct: 990_000n }],
    });
  });
});

describe('dust', () => {
  test.each([
    ['p2pkh', scripts.p2pkh(1), 546n],
    ['p2sh', scripts.p2sh(1), 540n],
    ['p2wpkh', scripts.p2wpkh(1), 294n],
    ['p2wsh', scripts.p2wsh(1), 330n],
    ['p2tr', scripts.p2tr(1), 330n],
    ['an anchor', scripts.anchor(1), 240n],
    ['OP_RETURN', Uint8Array.of(0x6a, 0x01, 0x00), 0n],
  ])('of %s is what Bitcoin Core takes for it', (_, script, least) => {
    expect(dustLimit(script)).toBe(least);
  });

  test('scripts of addresses come back as they went in', () => {
    for (const of of Object.values(scripts)) expect(scriptFromAddress(addressOf(of(7)), CHAIN)).toEqual(of(7));
  });
});
