import { encodeHeader, hashHeader, meetsTarget, merkleRoot, parseTransaction, targetFromNbits } from '@sv2kit/bitcoin';
import { type BitcoindBinary, type Bitcoind, freePorts } from '@sv2kit/bitcoind';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Checkers } from '../src/checkers.ts';
import {
  createRpcNode,
  type JobChecker,
  type JobCheckerOptions,
  type JobToCheck,
  type JobVerdict,
  LIMITS,
  type NodeOptions,
  type ValidJob,
} from '../src/index.ts';
import { type JobChanges, jobOf, OP_TRUE, type Outpoint, outpoint, spending, split } from './job-factory.ts';
import { bytes, Regtest } from './regtest.ts';

const NEVER = 1e9;
/** Blocks until the subsidy halves. */
const HALVING = 150;
const BLOCKS = 145;
/** Pays to a witness script that nobody looks at before a block's weight. */
const P2WSH = Uint8Array.of(0, 32, ...new Uint8Array(32));

/** How the checkers of a suite speak to their node. */
export interface Way {
  /** The node, where it shall not be the one that everybody can get. */
  readonly binary?: BitcoindBinary;
  options(node: Bitcoind): Partial<NodeOptions>;
  /** Whether tips are known as late as the node is asked for them, and the mempool is mirrored. */
  readonly polls: boolean;
  /** Whether the node says which transactions a block has. */
  tellsMined(node: Bitcoind): Promise<boolean>;
  /** Why jobs cannot be checked while the node is down. */
  readonly away: RegExp;
}

/** Checkers of a node; their blocks go to its RPC. */
class Open {
  readonly #node;
  readonly #checkers: Checkers;

  constructor(way: Way, bitcoind: Bitcoind, options: Partial<NodeOptions>) {
    const { rpcUrl: url, cookieFile } = bitcoind;
    const common = { chain: 'regtest', clock: systemClock, log: silentLogger, pollIntervalMs: 20, ...options } as const;
    this.#node = createRpcNode({ ...common, url, cookieFile });
    this.#checkers = new Checkers({
      options: { ...common, ...way.options(bitcoind) },
      submitBlock: (block) => this.#node.submitBlock(block),
      onTip: () => ({ [Symbol.dispose]: () => {} }),
    });
  }

  jobChecker(options: JobCheckerOptions = {}): JobChecker {
    return this.#checkers.start(options);
  }

  async close(): Promise<void> {
    await this.#checkers[Symbol.asyncDispose]();
    await this.#node.close();
  }
}

/** What a job checker does on a real node, however it is spoken to. */
export function jobCheckerSuite(way: Way): void {
  let regtest: Regtest;
  let node: Open;
  let checker: JobChecker;
  let zmqSequence: string;
  let coins: Outpoint[];

  function openNode(options: Partial<NodeOptions> = {}): Open {
    return new Open(way, regtest.node, options);
  }

  async function until(met: () => boolean): Promise<void> {
    while (!met()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** Of the next block, once the checker is on the node's tip. */
  async function nextHeight(): Promise<number> {
    const height = (await regtest.call('getblockcount')) as number;
    await until(() => checker.tip?.height === height);
    return height + 1;
  }

  /** Puts a transaction into the mempool and waits until the checker knows it. */
  async function send(transaction: Uint8Array): Promise<void> {
    await regtest.call('sendrawtransaction', Buffer.from(transaction).toString('hex'), 0);
    const made = await job({ transactions: [transaction], provide: [] });
    let verdict = await checker.check(made);
    while (verdict.kind === 'missing') verdict = await checker.check(made);
    if (verdict.kind === 'valid') checker.release(verdict.handle);
  }

  /** Of the next block. */
  async function subsidy(): Promise<bigint> {
    return subsidyAt(await nextHeight());
  }

  function subsidyAt(height: number): bigint {
    return 5_000_000_000n >> BigInt(Math.floor(height / HALVING));
  }

  /** Whether the node's mempool has it now. */
  async function isTaken(transaction: Uint8Array): Promise<boolean> {
    const hex = Buffer.from(transaction).toString('hex');
    const [answer] = (await regtest.call('testmempoolaccept', [hex], 0)) as { allowed: boolean }[];
    if (answer?.allowed === true) await regtest.call('sendrawtransaction', hex, 0);
    return answer?.allowed === true;
  }

  function coin(): Outpoint {
    const next = coins.pop();
    if (next === undefined) throw new Error('no coins left');
    return next;
  }

  const all = (transactions: readonly unknown[]): number[] => Array.from(transactions.keys());

  /** A job on the tip with all its transactions provided. */
  async function job(changes: Partial<JobChanges>): Promise<JobToCheck> {
    const { transactions = [] } = changes;
    return jobOf({ height: await nextHeight(), value: 0n, transactions, provide: all(transactions), ...changes });
  }

  /** As a declarator does: what is missing is provided. */
  async function checkProviding(made: JobToCheck, transactions: readonly Uint8Array[]): Promise<JobVerdict> {
    const first = await checker.check(made);
    if (first.kind !== 'missing') return first;
    const missing = first.positions.map((position) => ({ position, transaction: transactions[position] ?? OP_TRUE }));
    return await checker.check({ ...made, provided: [...made.provided, ...missing] });
  }

  async function valid(made: JobToCheck): Promise<ValidJob> {
    const verdict = await checker.check(made);
    if (verdict.kind !== 'valid') throw new Error(`not valid: ${JSON.stringify(verdict)}`);
    return verdict;
  }

  /** The header of a valid job, with proof of work. */
  function solve({ merklePath, prevHash, nbits, minNtime }: ValidJob, { version, coinbase }: JobToCheck): Uint8Array {
    const root = merkleRoot(parseTransaction(coinbase).txid, merklePath);
    for (let nonce = 0; ; nonce += 1) {
      const header = encodeHeader({ version, prevHash, merkleRoot: root, ntime: minNtime, nbits, nonce });
      if (meetsTarget(hashHeader(header), targetFromNbits(nbits))) return header;
    }
  }

  beforeAll(async () => {
    const [port] = await freePorts(1);
    zmqSequence = `tcp://127.0.0.1:${port}`;
    regtest = await Regtest.start([`-zmqpubsequence=${zmqSequence}`], way.binary);
    const hashes = await regtest.mine(BLOCKS);
    const mature = hashes.slice(0, BLOCKS - 100).map((hash) => [hash, 2]);
    const blocks = (await regtest.callEach('getblock', mature)) as { tx: { hex: string }[] }[];
    coins = blocks.map(({ tx }) => outpoint(bytes(tx[0]?.hex ?? '')));
    node = openNode();
    checker = node.jobChecker({ mempoolIntervalMs: 20 });
  }, 300_000);
  afterAll(async () => {
    await node.close();
    await regtest[Symbol.asyncDispose]();
  });

  describe('a job that the node finds valid (§6.4.4)', { timeout: 60_000 }, () => {
    test('comes with the exact value: the node takes a coinbase of that and refuses a satoshi more', async () => {
      const known = split(coin(), 10_000n, 2);
      await send(known);
      // Pays for its parent, which others know; and a stranger with a child in the same block.
      const child = split(outpoint(known), 333n);
      const stranger = split(coin(), 7_777n, 2);
      const grandchild = split(outpoint(stranger, 1), 1n);
      const transactions = [known, stranger, child, grandchild];
      const value = (await subsidy()) + 10_000n + 333n + 7_777n + 1n;
      for (const claim of [0n, value]) {
        expect(await checker.check(await job({ transactions, provide: [1, 2, 3], value: claim }))).toMatchObject({
          value,
        });
      }
      const more = await job({ transactions, value: value + 1n });
      expect(await checker.check(more)).toEqual({ kind: 'invalid', reason: 'bad-cb-amount' });
    });

    test('has the exact value whatever spends what, and whoever brought it', async () => {
      const graph = fc.record({
        fees: fc.array(fc.bigInt({ min: 0n, max: 100_000n }), { minLength: 1, maxLength: 25 }),
        /** Picks among the outputs that are there. */
        picks: fc.infiniteStream(fc.nat()),
        isSent: fc.infiniteStream(fc.boolean()),
      });
      const root = split(coin(), 100_000n, 8);
      await send(root);
      await regtest.mine(1);
      await nextHeight();
      const property = fc.asyncProperty(graph, async ({ fees, picks, isSent }) => {
        const open = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => ({ coin: outpoint(root, index), isKnown: true }));
        const transactions: Uint8Array[] = [];
        const provide: number[] = [];
        for (const fee of fees) {
          const [from] = open.splice(picks.next().value % open.length, 1);
          if (from === undefined) break;
          const made = split(from.coin, fee, 2);
          // The node takes what it knows the parents of, once: what another run sent is in the way of nothing.
          const isKnown = from.isKnown && isSent.next().value && (await isTaken(made));
          if (!isKnown) provide.push(transactions.length);
          transactions.push(made);
          open.push(...[0, 1].map((index) => ({ coin: outpoint(made, index), isKnown })));
        }
        const value = fees.reduce((sum, fee) => sum + fee, await subsidy());
        const exact = await job({ transactions, provide, value });
        expect(await checkProviding(exact, transactions)).toMatchObject({ kind: 'valid', value });
        const more = await job({ transactions, value: value + 1n });
        expect(await checker.check(more)).toEqual({ kind: 'invalid', reason: 'bad-cb-amount' });
      });
      await fc.assert(property, { numRuns: 10, endOnFailure: true });
    });

    test('has the same value when somebody told the node to prefer one of its transactions', async () => {
      const transaction = split(coin(), 5_000n);
      const shown = Buffer.from(outpoint(transaction).txid.toReversed()).toString('hex');
      await regtest.call('prioritisetransaction', shown, 0, 1_000_000);
      // Known to the one from the mempool, to the other from a template.
      await send(transaction);
      const fresh = node.jobChecker();
      await until(() => fresh.tip !== undefined && fresh.status().known > 0);
      const value = (await subsidy()) + 5_000n;
      const made = await job({ transactions: [transaction], provide: [], value });
      for (const one of [checker, fresh]) expect(await one.check(made)).toMatchObject({ kind: 'valid', value });
      await fresh[Symbol.asyncDispose]();
    });

    test('becomes the block that its header says, with the weight that the node sees', async () => {
      const transactions = [split(coin(), 1_000n), split(coin(), 2_000n), split(coin(), 3_000n)];
      const height = await nextHeight();
      const made = await job({
        transactions,
        value: (await subsidy()) + 6_000n,
        extranonce: Uint8Array.of(1, 2, 3, 4),
      });
      const verdict = await valid(made);
      expect(verdict).toMatchObject({ height, nbits: 0x207f_ffff, prevHash: checker.tip?.hash });
      const header = solve(verdict, made);
      const block = await checker.block(verdict.handle, header, made.coinbase);
      expect(await checker.submit(verdict.handle, header, made.coinbase)).toEqual({ kind: 'accepted' });
      const hash = await regtest.call('getblockhash', height);
      expect(await regtest.call('getblock', hash, 0)).toBe(Buffer.from(block).toString('hex'));
      expect(await regtest.call('getblock', hash, 1)).toMatchObject({ weight: verdict.weight });
      expect(await checker.submit(verdict.handle, header, made.coinbase)).toEqual({ kind: 'duplicate' });
    });

    test('may have no transactions and an extranonce of zeros', async () => {
      const made = await job({ value: await subsidy(), extranonce: new Uint8Array(32) });
      expect(await checker.check(made)).toMatchObject({ kind: 'valid', value: await subsidy(), merklePath: [] });
    });

    test('is forgotten when it is released', async () => {
      const made = await job({ value: await subsidy() });
      const verdict = await valid(made);
      checker.release(verdict.handle);
      const header = solve(verdict, made);
      await expect(checker.block(verdict.handle, header, made.coinbase)).rejects.toThrow('not known');
      expect(await checker.submit(verdict.handle, header, made.coinbase)).toMatchObject({ kind: 'unreachable' });
    });
  });

  describe('the transactions of a job', { timeout: 60_000 }, () => {
    test('that the node has are known; the others are asked for, by their places', async () => {
      const known = split(coin(), 1_000n);
      await send(known);
      const transactions = [split(coin(), 1n), known, split(coin(), 2n)];
      expect(await checker.check(await job({ transactions, provide: [] }))).toEqual({
        kind: 'missing',
        positions: [0, 2],
      });
      expect(await checker.check(await job({ transactions, provide: [2] }))).toEqual({
        kind: 'missing',
        positions: [0],
      });
    });

    test('that were provided for a valid job need not be provided again, until they are mined', async () => {
      const transactions = [split(coin(), 1n), split(coin(), 2n)];
      checker.release((await valid(await job({ transactions }))).handle);
      const again = await job({ transactions, provide: [] });
      const verdict = await valid(again);
      expect(await checker.submit(verdict.handle, solve(verdict, again), again.coinbase)).toEqual({
        kind: 'accepted',
      });
      checker.release(verdict.handle);
      const later = await job({ transactions, provide: [] });
      // What the block holds is asked for after the tip is known.
      let next = await checker.check(later);
      const isTold = await way.tellsMined(regtest.node);
      while (isTold && next.kind === 'invalid') next = await checker.check(later);
      // The same transactions once more, as far as it knows.
      const spent = { kind: 'invalid', reason: 'bad-txns-BIP30' };
      expect(next).toEqual(isTold ? { kind: 'missing', positions: [0, 1] } : spent);
    });

    test('that were provided for a job that is not valid are not kept', async () => {
      const transactions = [split(coin(), 1n)];
      expect(await checker.check(await job({ transactions, value: (await subsidy()) * 2n }))).toMatchObject({
        kind: 'invalid',
      });
      expect(await checker.check(await job({ transactions, provide: [] }))).toEqual({
        kind: 'missing',
        positions: [0],
      });
    });

    test('are refused when one is there twice', async () => {
      const one = split(coin(), 1n);
      const transactions = [one, split(coin(), 1n), one];
      expect(await checker.check(await job({ transactions }))).toEqual({ kind: 'duplicate', position: 2 });
    });

    test.each([
      ['another transaction', () => split(coin(), 9n)],
      ['no transaction', () => Uint8Array.of(1, 2, 3)],
      ['nothing', () => new Uint8Array(0)],
    ])('are refused when what is provided is %s', async (_, provided) => {
      const made = await job({ transactions: [split(coin(), 1n), split(coin(), 1n)] });
      const wrong = { position: 1, transaction: provided() };
      const verdict = await checker.check({ ...made, provided: [...made.provided.slice(0, 1), wrong] });
      expect(verdict).toEqual({ kind: 'wrong-transaction', position: 1 });
    });

    test('are refused when one is provided for a place that the job has not', async () => {
      const made = await job({ transactions: [split(coin(), 1n)] });
      const wrong = { position: 7, transaction: split(coin(), 1n) };
      expect(await checker.check({ ...made, provided: [...made.provided, wrong] })).toEqual({
        kind: 'wrong-transaction',
        position: 7,
      });
    });

    if (way.polls) {
      test('are known at once where the node announces them, and so are its blocks', async () => {
        const deaf = openNode({ pollIntervalMs: NEVER });
        const announced = deaf.jobChecker({ zmqSequence, mempoolIntervalMs: NEVER / 10 });
        await until(() => announced.tip !== undefined);
        const first = announced.tip;
        // A subscription takes a moment to reach the node, and what is published before is lost.
        while (announced.tip === first) await regtest.mine(1);
        await nextHeight();
        const { known } = announced.status();
        await send(split(coin(), 1_000n));
        await until(() => announced.status().known > known);
        await deaf.close();
      });
    }
  });

  describe('a job is invalid, with the word of the node,', { timeout: 60_000 }, () => {
    const cases: readonly {
      readonly name: string;
      readonly reason: string | RegExp;
      readonly changes: (height: number) => Partial<JobChanges>;
    }[] = [
      {
        name: 'when it claims too much',
        reason: 'bad-cb-amount',
        changes: (height) => ({ value: subsidyAt(height) + 1n }),
      },
      { name: 'with the wrong height', reason: 'bad-cb-height', changes: (height) => ({ height: height + 1 }) },
      {
        name: 'with a witness commitment to something else',
        reason: 'bad-witness-merkle-match',
        changes: () => ({ commitment: { value: 0n, script: bytes(`6a24aa21a9ed${'11'.repeat(32)}`) } }),
      },
      { name: 'with a version that is too old', reason: /^bad-version/, changes: () => ({ version: 1 }) },
      { name: 'with a time that is too old', reason: 'time-too-old', changes: () => ({ ntime: 1 }) },
      {
        name: 'when an input is not there',
        reason: 'bad-txns-inputs-missingorspent',
        changes: () => ({ transactions: [split({ ...coin(), index: 99 }, 1n)] }),
      },
      {
        name: 'when a child comes before its parent',
        reason: 'bad-txns-inputs-missingorspent',
        changes: () => {
          const parent = split(coin(), 1n);
          return { transactions: [split(outpoint(parent), 1n), parent] };
        },
      },
      {
        name: 'when two transactions spend the same',
        reason: 'bad-txns-inputs-missingorspent',
        changes: () => {
          const both = coin();
          return { transactions: [split(both, 1n), split(both, 2n)] };
        },
      },
      {
        name: 'when a transaction pays more than it has',
        reason: 'bad-txns-in-belowout',
        changes: () => ({ transactions: [split(coin(), -1n)] }),
      },
      {
        name: 'with too many signature operations',
        reason: 'bad-blk-sigops',
        changes: () => {
          const script = new Uint8Array(34).fill(0xae);
          const outputs = Array.from({ length: 30 }, () => ({ value: 0n, script }));
          return { transactions: [spending([coin()], outputs)] };
        },
      },
      {
        name: 'when it is too heavy',
        reason: 'bad-blk-weight',
        changes: () => {
          const fan = split(coin(), 1n);
          return { transactions: [withWitness(fan, 3_000_000, 30_000)] };
        },
      },
      {
        name: 'when it is too long without its witnesses',
        reason: 'bad-blk-length',
        changes: () => {
          const outputs = Array.from({ length: 25_000 }, () => ({ value: 0n, script: P2WSH }));
          return { transactions: [spending([coin()], outputs)] };
        },
      },
      {
        name: 'of absurd size',
        reason: 'bad-blk-weight',
        changes: () => ({ transactions: [withWitness(split(coin(), 1n), 4_000_000, 1)] }),
      },
    ];
    test.each(cases)('$name', async ({ reason, changes }) => {
      const verdict = await checker.check(await job(changes(await nextHeight())));
      expect(verdict).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
    });

    test('with more transactions than fit into a block', async () => {
      const made = await job({});
      const wtxids = new Uint8Array(32 * (LIMITS.maxBlockTransactions + 1));
      expect(await checker.check({ ...made, wtxids })).toEqual({ kind: 'invalid', reason: 'bad-blk-length' });
    });

    test('when its coinbase cannot be read', async () => {
      const made = await job({});
      const verdict = await checker.check({ ...made, coinbase: made.coinbase.subarray(1) });
      expect(verdict).toEqual({ kind: 'invalid', reason: 'bad-coinbase' });
    });

    test('when its signature is wrong', async () => {
      const locked = spending([coin()], [{ value: 1_000_000n, script: P2WSH }]);
      const verdict = await checker.check(await job({ transactions: [locked, split(outpoint(locked), 1n)] }));
      expect(verdict).toEqual({ kind: 'invalid', reason: expect.stringContaining('script-verify-flag-failed') });
    });
  });

  describe('a job is neither valid nor invalid', { timeout: 60_000 }, () => {
    if (way.polls) {
      test('when the tip moves while it is looked at', async () => {
        const deaf = openNode({ pollIntervalMs: NEVER });
        const late = deaf.jobChecker();
        await until(() => late.tip !== undefined);
        const made = await job({ value: await subsidy() });
        const next = new Promise((resolve) => late.onTip(resolve));
        await regtest.mine(1);
        expect(await late.check(made)).toEqual({ kind: 'stale' });
        // The node's answer was news.
        expect(await next).toMatchObject({ height: (await nextHeight()) - 1 });
        const anew = await job({ value: await subsidy() });
        expect(await late.check(anew)).toMatchObject({ kind: 'valid' });
        await deaf.close();
      });
    }

    test('when its asker gives it up', async () => {
      const abort = new AbortController();
      const verdict = checker.check(await job({ value: await subsidy() }), abort.signal);
      abort.abort(new Error('gone'));
      await expect(verdict).rejects.toThrow('gone');
      await expect(checker.check(await job({ value: await subsidy() }), abort.signal)).rejects.toThrow('gone');
      await until(() => checker.status().running === 0 && checker.status().waiting === 0);
    });

    test('when the node is away, and jobs are checked again when it is back', async () => {
      const held = await valid(await job({ value: await subsidy() }));
      const { height } = checker.tip ?? { height: 0 };
      // Counting the coins makes the node write its state.
      await regtest.call('gettxoutsetinfo');
      await regtest.node.kill();
      await until(() => checker.tip === undefined);
      const made = jobOf({ height: height + 1, value: 0n, transactions: [] });
      expect(await checker.check(made)).toEqual({
        kind: 'unavailable',
        reason: expect.stringMatching(way.away),
      });
      await regtest.startAgain();
      const again = jobOf({ height: await nextHeight(), value: 0n, transactions: [] });
      expect(await checker.check(again)).toMatchObject({ kind: 'valid' });
      checker.release(held.handle);
    });
  });

  if (way.polls) {
    describe('a proposal to a real node (BIP23)', { timeout: 60_000 }, () => {
      const proposed = async (block: Uint8Array | string): Promise<unknown> => {
        const data = typeof block === 'string' ? block : Buffer.from(block).toString('hex');
        return await regtest.call('getblocktemplate', { mode: 'proposal', data, rules: ['segwit'] });
      };

      test('is judged with its merkle root and without its proof of work', async () => {
        const block = await regtest.unseenBlock();
        // Of the nonce: half of all hashes miss the target.
        for (let nonce = 0; nonce < 8; nonce += 1) {
          block[76] = nonce;
          expect(await proposed(block)).toBeNull();
        }
        const [root = 0] = block.subarray(36);
        block[36] = root ^ 1;
        expect(await proposed(block)).toBe('bad-txnmrklroot');
      });

      test('that the node has already is a duplicate; one on another parent is not judged', async () => {
        // A node that was killed is less sure of the blocks from before: it says duplicate-inconclusive.
        const [tip] = await regtest.mine(1);
        expect(await proposed((await regtest.call('getblock', tip, 0)) as string)).toBe('duplicate');
        const block = await regtest.unseenBlock();
        await regtest.mine(1);
        expect(await proposed(block)).toBe('inconclusive-not-best-prevblk');
      });
    });
  }
}

/** Junk as the witness of a transaction's one input; its outputs as often as told. */
function withWitness(transaction: Uint8Array, size: number, outputs: number): Uint8Array {
  const { inputs } = parseTransaction(transaction);
  const [input] = inputs;
  if (input === undefined) throw new Error('no input');
  const bare = spending(
    [{ txid: input.prevTxid, index: input.prevIndex, value: 0n }],
    Array.from({ length: outputs }, () => ({ value: 0n, script: OP_TRUE })),
  );
  const length = Buffer.alloc(5, 0xfe);
  length.writeUInt32LE(size, 1);
  const parts = [bare.subarray(0, 4), Uint8Array.of(0, 1), bare.subarray(4, -4), Uint8Array.of(1), length];
  return Buffer.concat([...parts, new Uint8Array(size), bare.subarray(-4)]);
}
