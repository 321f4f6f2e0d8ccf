import { createHash } from 'node:crypto';
import { displayHash, parseTransaction } from '@sv2kit/bitcoin';
import { RpcError } from '@sv2kit/bitcoin-node';
import { describe, expect, test } from 'vitest';
import { type Payment, planPayments } from '../../src/stack/payment-plan.ts';
import { ANYBODYS, type Coin, type Side } from '../../src/stack/payment-transaction.ts';
import { type PaymentNode, Payments } from '../../src/stack/payments.ts';

const REWARD = 5_000_000_000n;
const BOTH: readonly Side[] = ['pool', 'miner'];
const idOf = (number: number): string => number.toString(16).padStart(64, '0');
const coin = (number: number, value = REWARD): Coin => ({ txid: idOf(number), index: 0, value, side: 'pool' });

/** Always the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state / 2 ** 32;
  };
}

const placeOf = ({ txid, index }: Coin): string => `${txid}:${index}`;
const read = ({ hex }: Payment) => parseTransaction(Uint8Array.from(Buffer.from(hex, 'hex')));

describe('payments', () => {
  test('spend each coin once and no other, and are worth less by a fee that any node relays', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = randomOf(seed);
      const coins = Array.from({ length: seed % 61 }, (_, index) => coin(index, BigInt(Math.ceil(5e9 ** random()))));
      const room = seed % 11;
      const payments = planPayments(coins, room, BOTH, random);
      expect(payments.length).toBeLessThanOrEqual(room);
      const known = new Map(coins.map((each) => [placeOf(each), each.value]));
      for (const payment of payments) {
        const { txid, weight, inputs, outputs } = read(payment);
        expect(displayHash(txid)).toBe(payment.txid);
        const places = inputs.map(({ prevTxid, prevIndex }) => `${displayHash(prevTxid)}:${prevIndex}`);
        const spent = places.reduce((sum, place) => sum + (known.get(place) ?? 0n), 0n);
        for (const place of places) expect([place, known.delete(place)]).toEqual([place, true]);
        for (const [index, { value }] of outputs.entries()) {
          expect(value).toBeGreaterThan(1_000n);
          known.set(`${payment.txid}:${index}`, value);
        }
        expect(payment.fee).toBe(spent - outputs.reduce((sum, { value }) => sum + value, 0n));
        expect(Number(payment.fee)).toBeGreaterThanOrEqual(Math.ceil(weight / 4));
      }
      for (const change of payments.flatMap((payment) => payment.change)) {
        expect(known.get(placeOf(change))).toBe(change.value);
      }
    }
  });

  test('are of many sizes and fee rates, some chained, some held back by either node', () => {
    let coins = [coin(1), coin(2), coin(3)];
    const all: Payment[] = [];
    for (let round = 0; round < 100; round += 1) {
      const payments = planPayments(coins, 100, BOTH, randomOf(round));
      const spent = new Set(payments.flatMap(({ spends }) => spends));
      coins = [...coins.filter((each) => !spent.has(each)), ...payments.flatMap(({ change }) => change)];
      all.push(...payments);
    }
    expect(all.length).toBeGreaterThan(150);
    const rates = all.map((payment) => (Number(payment.fee) * 4) / read(payment).weight);
    expect([Math.min(...rates) < 4, Math.max(...rates) > 40]).toEqual([true, true]);
    expect(new Set(all.map((payment) => read(payment).outputs.length)).size).toBeGreaterThan(5);
    const ids = new Set(all.map(({ txid }) => txid));
    expect(all.some(({ spends }) => spends.some(({ txid }) => ids.has(txid)))).toBe(true);
    const held = all.filter(({ isHeldBack }) => isHeldBack);
    expect(new Set(held.map(({ to }) => to))).toEqual(new Set(BOTH));
    expect(held.length / all.length).toBeLessThan(1 / 3);
  });

  test('are none without coins or room, and none is held back where there is one node', () => {
    expect(planPayments([], 10, BOTH, Math.random)).toEqual([]);
    expect(planPayments([coin(1)], 0, BOTH, Math.random)).toEqual([]);
    const coins = Array.from({ length: 60 }, (_, index) => coin(index));
    for (let seed = 0; seed < 50; seed += 1) {
      for (const { to, isHeldBack } of planPayments(coins, 10, ['pool'], randomOf(seed))) {
        expect([to, isHeldBack]).toEqual(['pool', false]);
      }
    }
  });

  test.each([
    ['pool', 0x51],
    ['miner', 0x52],
  ] as const)('spend what pays the %s: the hash of a script that anybody fulfils (BIP141)', (side, script) => {
    const hash = createHash('sha256').update(Uint8Array.of(script)).digest('hex');
    expect(Buffer.from(ANYBODYS[side]).toString('hex')).toBe(`0020${hash}`);
  });
});

/** A node of which nothing is known but what it is asked. */
class FakeNode implements PaymentNode {
  height = 120;
  refuses = false;
  isAway = false;
  readonly taken: string[] = [];
  readonly deltas = new Map<string, number>();

  async call(method: string, [first, second, third]: readonly unknown[] = []): Promise<unknown> {
    if (this.isAway) throw new RpcError('unreachable', 'away');
    switch (method) {
      case 'getblockhash':
        return idOf(Number(first));
      case 'getblock':
        return { tx: [first] };
      case 'gettxout':
        return second === 0 ? { value: 50, scriptPubKey: { hex: Buffer.from(ANYBODYS.pool).toString('hex') } } : null;
      case 'getmempoolinfo':
        return { size: this.taken.length };
      case 'getprioritisedtransactions':
        return Object.fromEntries([...this.deltas].map(([txid, delta]) => [txid, { fee_delta: delta }]));
      case 'prioritisetransaction': {
        const delta = (this.deltas.get(String(first)) ?? 0) + Number(third);
        if (delta === 0) this.deltas.delete(String(first));
        else this.deltas.set(String(first), delta);
        return true;
      }
      case 'sendrawtransaction':
        if (this.refuses) throw new RpcError('rpc', 'refused', { rpcCode: -26 });
        this.taken.push(String(first));
        return '';
      default:
        throw new Error(`${method} was not expected`);
    }
  }
}

function ground() {
  const [pool, miner, told] = [new FakeNode(), new FakeNode(), [] as string[]];
  const payments = new Payments({ pool, miner }, { random: randomOf(7), tell: (text) => void told.push(text) });
  let nowMs = 0;
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) await payments.step((nowMs += 1_000));
  };
  return { pool, miner, told, payments, steps };
}

describe('the nodes', () => {
  test('get some once a second, until there are enough in a mempool', async () => {
    const { pool, miner, told, payments, steps } = ground();
    await steps(1);
    const count = pool.taken.length + miner.taken.length;
    expect(count).toBeGreaterThan(0);
    await payments.step(1_500);
    expect(pool.taken.length + miner.taken.length).toBe(count);
    await steps(400);
    expect(Math.max(pool.taken.length, miner.taken.length)).toBeGreaterThan(140);
    expect(Math.max(pool.taken.length, miner.taken.length)).toBeLessThanOrEqual(150);
    expect(told).toEqual([]);
  });

  test('keep some out of their templates for a few blocks, also when an earlier run has begun it', async () => {
    const { pool, miner, steps } = ground();
    miner.deltas.set(idOf(1), -2_100_000_000_000_000).set(idOf(2), 5_000);
    await steps(30);
    expect(miner.deltas.has(idOf(1))).toBe(false);
    expect(miner.deltas.get(idOf(2))).toBe(5_000);
    expect([pool.deltas.size > 0, miner.deltas.size > 1]).toEqual([true, true]);
    const held = [...pool.deltas.keys()];
    pool.height += 4;
    await steps(1);
    expect(held.filter((txid) => pool.deltas.has(txid))).toEqual([]);
  });

  test('that refuse or are away are no failure, and payments go on through the other one and afterwards', async () => {
    const { pool, miner, steps } = ground();
    pool.refuses = true;
    await steps(20);
    expect([pool.taken.length, miner.taken.length > 10]).toEqual([0, true]);
    [pool.refuses, pool.isAway] = [false, true];
    await steps(5);
    pool.isAway = false;
    await steps(20);
    expect(pool.taken.length).toBeGreaterThan(0);
  });

  test('whose rewards may not be spent yet are told of once', async () => {
    const { pool, miner, told, steps } = ground();
    pool.height = 98;
    await steps(3);
    expect(told).toEqual([expect.stringContaining('within 100 blocks')]);
    expect([...pool.taken, ...miner.taken]).toEqual([]);
    pool.height = 100;
    await steps(1);
    expect(told).toHaveLength(1);
    expect(pool.taken.length + miner.taken.length).toBeGreaterThan(0);
  });
});
