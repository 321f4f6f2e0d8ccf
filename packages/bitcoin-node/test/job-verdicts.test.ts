import { parseTransaction, sha256d } from '@sv2kit/bitcoin';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Checkers } from '../src/checkers.ts';
import type { JobChecker, JobToCheck, NodeOptions } from '../src/index.ts';
import { jobOf, OP_TRUE, type Outpoint, outpoint, spending, split } from './job-factory.ts';
import { bytes, Regtest } from './regtest.ts';

const BLOCKS = 110;
const HEIGHT = BLOCKS + 1;
const SUBSIDY = 5_000_000_000n;
const COINS = 8;
/** Pays to a witness version that has no rules yet: any witness will do. */
const ANY_WITNESS = Uint8Array.of(0x60, 32, ...new Uint8Array(32).fill(1));

const binary = await findIpcNode();
if (binary === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

describe.skipIf(binary === undefined)(
  'one node says the same of a job over IPC as over RPC',
  { timeout: 120_000 },
  () => {
    let regtest: Regtest;
    let coins: readonly Outpoint[];
    let roomy: Outpoint;
    let young: Outpoint;
    let spentAlready: Uint8Array;
    const ways: { readonly checkers: Checkers; readonly checker: JobChecker }[] = [];

    function open(options: Partial<NodeOptions>): void {
      const checkers = new Checkers({
        options: { ...options, chain: 'regtest', clock: systemClock, log: silentLogger, pollIntervalMs: 20 },
        submitBlock: () => Promise.reject(new Error('there is no block')),
        onTip: () => ({ [Symbol.dispose]: () => {} }),
      });
      ways.push({ checkers, checker: checkers.start({ mempoolIntervalMs: 50 }) });
    }

    beforeAll(async () => {
      regtest = await Regtest.start([], binary);
      const [first = ''] = await regtest.mine(BLOCKS - 1);
      const block = (await regtest.call('getblock', first, 2)) as { tx: { hex: string }[] };
      const reward = outpoint(bytes(block.tx[0]?.hex ?? ''));
      const share = { value: reward.value / BigInt(COINS + 1), script: OP_TRUE };
      const fan = spending(
        [reward],
        [...Array.from({ length: COINS }, () => share), { ...share, script: ANY_WITNESS }],
      );
      await regtest.call('sendrawtransaction', Buffer.from(fan).toString('hex'), 0);
      const [last = ''] = await regtest.mine(1);
      const { tx } = (await regtest.call('getblock', last, 2)) as { tx: { hex: string }[] };
      young = outpoint(bytes(tx[0]?.hex ?? ''));
      spentAlready = fan;
      coins = Array.from({ length: COINS }, (_, index) => outpoint(fan, index));
      roomy = outpoint(fan, COINS);
      const { rpcUrl: url, cookieFile, ipcSocket: ipc } = regtest.node;
      open({ url, cookieFile });
      open({ ipc });
      for (const { checker } of ways) await onTip(checker);
    }, 300_000);
    afterAll(async () => {
      for (const { checkers } of ways) await checkers[Symbol.asyncDispose]();
      await regtest[Symbol.asyncDispose]();
    });

    /** Resolves when a checker has the chain's tip. */
    function onTip(checker: JobChecker): Promise<void> {
      return new Promise((resolve) => {
        const look = (): void => {
          if (checker.tip?.height === BLOCKS) resolve();
        };
        checker.onTip(look);
        look();
      });
    }

    /** What both say; fails when they differ. */
    async function agreed(job: JobToCheck): Promise<object> {
      const [one, other] = await Promise.all(
        ways.map(async ({ checker }) => {
          const verdict = await checker.check(job);
          if (verdict.kind !== 'valid') return verdict;
          const { handle, ...rest } = verdict;
          checker.release(handle);
          return rest;
        }),
      );
      expect(other).toEqual(one);
      return one ?? {};
    }

    /** A chain of payments for each coin, in an order that a block may have. */
    const payments = fc.array(
      fc.record({
        coin: fc.nat(COINS - 1),
        fee: fc.bigInt({ min: 0n, max: 50_000n }),
        outputs: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 12 },
    );
    type Payments = typeof payments extends fc.Arbitrary<infer T> ? T : never;

    function chain(list: Payments): { readonly transactions: Uint8Array[]; readonly fees: bigint } {
      const open = [...coins];
      const transactions = list.map(({ coin, fee, outputs }) => {
        const made = split(open[coin] as Outpoint, fee, outputs);
        open[coin] = outpoint(made);
        return made;
      });
      return { transactions, fees: list.reduce((sum, { fee }) => sum + fee, 0n) };
    }

    const honest = (list: Payments, claim = 0n): JobToCheck => {
      const { transactions, fees } = chain(list);
      const value = SUBSIDY + fees + claim;
      return jobOf({ height: HEIGHT, value, transactions, provide: Array.from(transactions.keys()) });
    };

    test('that is valid: its value and its lowest time to the last digit, whoever brought the transactions', async () => {
      const property = fc.asyncProperty(payments, fc.bigInt({ min: -1_000_000n, max: 0n }), async (list, claim) => {
        const value = SUBSIDY + chain(list).fees;
        expect(await agreed(honest(list, claim))).toMatchObject({ kind: 'valid', value });
        expect(await agreed({ ...honest(list, claim), provided: [] })).toMatchObject({ kind: 'valid', value });
      });
      await fc.assert(property, { numRuns: 15, endOnFailure: true });
    });

    test('that claims a satoshi more', async () => {
      const property = fc.asyncProperty(payments, fc.bigInt({ min: 1n, max: 10n ** 15n }), async (list, claim) => {
        expect(await agreed(honest(list, claim))).toEqual({ kind: 'invalid', reason: 'bad-cb-amount' });
      });
      await fc.assert(property, { numRuns: 10, endOnFailure: true });
    });

    test('whose header is of any version and time', async () => {
      const now = Math.floor(Date.now() / 1000);
      const times = fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: now - 10_000, max: now + 20_000 }));
      const versions = fc.oneof(fc.constant(0x2000_0000), fc.integer({ min: 0, max: 8 }), fc.nat(0xffff_ffff));
      const property = fc.asyncProperty(times, versions, async (ntime, version) => {
        await agreed(jobOf({ height: HEIGHT, value: SUBSIDY, transactions: [], ntime, version }));
      });
      await fc.assert(property, { numRuns: 40, endOnFailure: true });
      const { minNtime = 0 } = ways[0]?.checker.tip ?? {};
      for (const [ntime, kind] of [
        [minNtime, 'valid'],
        [minNtime - 1, 'invalid'],
      ] as const) {
        expect(await agreed(jobOf({ height: HEIGHT, value: SUBSIDY, transactions: [], ntime }))).toMatchObject({
          kind,
        });
      }
    });

    test('whose transactions are in any order, twice, or not there at all', async () => {
      const property = fc.asyncProperty(payments, fc.infiniteStream(fc.nat()), async (list, picks) => {
        const { transactions } = chain(list);
        const order = transactions.map((_, index) => index).sort(() => (picks.next().value % 3) - 1);
        const some = order.filter(() => picks.next().value % 5 > 0).map((index) => transactions[index] ?? OP_TRUE);
        const provide = Array.from(some.keys());
        await agreed(jobOf({ height: HEIGHT, value: 0n, transactions: some, provide }));
      });
      await fc.assert(property, { numRuns: 25, endOnFailure: true });
    });

    test('one of whose transactions had a byte changed', async () => {
      const property = fc.asyncProperty(fc.nat(), fc.nat(255), async (at, byte) => {
        const good = split(coins[0] as Outpoint, 5n, 2);
        const changed = Uint8Array.from(good);
        changed[at % changed.length] = byte;
        const made = jobOf({ height: HEIGHT, value: 0n, transactions: [good] });
        // What cannot be read has a name all the same.
        const wtxids = sha256d(changed);
        await agreed({ ...made, wtxids, provided: [{ position: 0, transaction: changed }] });
      });
      await fc.assert(property, { numRuns: 60, endOnFailure: true });
    });

    test('whose coinbase had a byte changed', async () => {
      const property = fc.asyncProperty(fc.nat(), fc.nat(255), async (at, byte) => {
        const made = jobOf({ height: HEIGHT, value: SUBSIDY, transactions: [] });
        const coinbase = Uint8Array.from(made.coinbase);
        coinbase[at % coinbase.length] = byte;
        await agreed({ ...made, coinbase });
      });
      await fc.assert(property, { numRuns: 80, endOnFailure: true });
    });

    const rules: readonly { readonly name: string; readonly reason: RegExp; readonly job: () => JobToCheck }[] = [
      {
        name: 'that commits to another witness',
        reason: /^bad-witness-merkle-match$/,
        job: () => {
          const commitment = { value: 0n, script: bytes(`6a24aa21a9ed${'11'.repeat(32)}`) };
          return jobOf({ height: HEIGHT, value: 0n, transactions: [], commitment });
        },
      },
      {
        name: 'that creates money',
        reason: /^bad-txns-in-belowout$/,
        job: () => honest([{ coin: 0, fee: -1n, outputs: 1 }]),
      },
      {
        name: 'with too many signature operations',
        reason: /^bad-blk-sigops$/,
        job: () => {
          const outputs = Array.from({ length: 30 }, () => ({ value: 0n, script: new Uint8Array(34).fill(0xae) }));
          const transactions = [spending([coins[0] as Outpoint], outputs)];
          return jobOf({ height: HEIGHT, value: 0n, transactions, provide: [0] });
        },
      },
      {
        name: 'whose signature is wrong',
        reason: /script-verify-flag-failed/,
        job: () => {
          const script = Uint8Array.of(0, 32, ...new Uint8Array(32));
          const locked = spending([coins[0] as Outpoint], [{ value: 1_000n, script }]);
          const transactions = [locked, split(outpoint(locked), 1n)];
          return jobOf({ height: HEIGHT, value: 0n, transactions, provide: [0, 1] });
        },
      },
    ];
    const more: typeof rules = [
      {
        name: 'that spends a reward too soon',
        reason: /^bad-txns-premature-spend-of-coinbase$/,
        job: () => provided([split(young, 1n)]),
      },
      {
        name: 'with a transaction whose lock time is to come',
        reason: /^bad-txns-nonfinal$/,
        job: () => {
          const locked = Uint8Array.from(split(coins[0] as Outpoint, 1n));
          new DataView(locked.buffer).setUint32(41, 0, true);
          new DataView(locked.buffer).setUint32(locked.length - 4, HEIGHT, true);
          return provided([locked]);
        },
      },
      {
        name: 'with one transaction under two witnesses',
        reason: /^bad-txns-(duplicate|inputs-missingorspent|BIP30)$/,
        job: () => provided([withWitness(split(roomy, 7n), 70_000), withWitness(split(roomy, 7n), 70_001)]),
      },
      {
        name: 'with a transaction that its block before had',
        reason: /^bad-txns-(BIP30|inputs-missingorspent)$/,
        job: () => provided([spentAlready]),
      },
      {
        name: 'with a second coinbase',
        reason: /^bad-cb-multiple$/,
        job: () => {
          const { coinbase } = jobOf({ height: HEIGHT, value: 0n, transactions: [] });
          return provided([coinbase]);
        },
      },
      {
        name: 'whose coinbase has no witness though a transaction has one',
        reason: /^bad-witness-nonce-size$/,
        job: () => {
          const made = provided([withWitness(split(roomy, 7n), 70_000)]);
          return { ...made, coinbase: withoutWitness(made.coinbase) };
        },
      },
      {
        name: 'with a witness and nothing that commits to it',
        reason: /^unexpected-witness$/,
        job: () => {
          const transactions = [withWitness(split(roomy, 7n), 70_000)];
          const commitment = { value: 0n, script: Uint8Array.of(0x6a) };
          const made = jobOf({ height: HEIGHT, value: 0n, transactions, provide: [0], commitment });
          return { ...made, coinbase: withoutWitness(made.coinbase) };
        },
      },
      {
        name: 'whose coinbase spends something',
        reason: /^bad-cb-missing$/,
        job: () => ({ ...provided([]), coinbase: split(coins[0] as Outpoint, 0n) }),
      },
    ];
    test.each([...rules, ...more])('$name', async ({ reason, job }) => {
      expect(await agreed(job())).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
    });

    test('whose coinbase is of any shape: its value to the last digit', async () => {
      const shapes = fc.record({
        outputs: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(249, 250, 251, 252, 300)),
        extranonce: fc.integer({ min: 1, max: 32 }),
        script: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(251, 252, 253, 254, 70_000)),
        paid: fc.bigInt({ min: 0n, max: 1_000n }),
        isBare: fc.boolean(),
      });
      const property = fc.asyncProperty(
        payments,
        shapes,
        async (list, { outputs, extranonce, script, paid, isBare }) => {
          const { transactions, fees } = chain(list);
          const made = jobOf({
            height: HEIGHT,
            value: paid,
            transactions,
            provide: Array.from(transactions.keys()),
            outputs: Array.from({ length: outputs }, (_, index) => ({
              value: paid,
              script: new Uint8Array(index === 0 ? script : 1).fill(0x51),
            })),
            extranonce: new Uint8Array(extranonce).fill(0x51),
          });
          const job = isBare ? { ...made, coinbase: withoutWitness(made.coinbase) } : made;
          // A commitment that is there counts, whether there is something to commit to or not.
          const expected = isBare ? { kind: 'invalid' } : { kind: 'valid', value: SUBSIDY + fees };
          expect(await agreed(job)).toMatchObject(expected);
        },
      );
      await fc.assert(property, { numRuns: 40, endOnFailure: true });
    });

    test('of four megabytes', async () => {
      const padding = (size: number): Uint8Array => withWitness(split(roomy, 7n), size);
      for (const [size, kind] of [
        [3_990_000, 'valid'],
        [3_999_000, 'invalid'],
      ] as const) {
        const transactions = [padding(size)];
        const job = jobOf({ height: HEIGHT, value: SUBSIDY, transactions, provide: [0] });
        expect(await agreed(job)).toMatchObject({ kind, ...(kind === 'valid' ? { value: SUBSIDY + 7n } : {}) });
      }
    });
  },
);

/** With a witness of that size. */
function withWitness(transaction: Uint8Array, size: number): Uint8Array {
  const { inputs } = parseTransaction(transaction);
  if (inputs.length !== 1) throw new Error('one input');
  const length = Buffer.alloc(5, 0xfe);
  length.writeUInt32LE(size, 1);
  const head = [transaction.subarray(0, 4), Uint8Array.of(0, 1), transaction.subarray(4, -4), Uint8Array.of(1), length];
  return Buffer.concat([...head, new Uint8Array(size), transaction.subarray(-4)]);
}

function provided(transactions: readonly Uint8Array[]): JobToCheck {
  return jobOf({ height: HEIGHT, value: 0n, transactions, provide: Array.from(transactions.keys()) });
}

/** A coinbase of ours without marker, flag and its one witness item of 32 bytes. */
function withoutWitness(coinbase: Uint8Array): Uint8Array {
  return Buffer.concat([coinbase.subarray(0, 4), coinbase.subarray(6, -38), coinbase.subarray(-4)]);
}
