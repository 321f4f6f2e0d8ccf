// A job declarator client that lies is refused with the right code; an honest one beside it goes on.
import type { SetCustomMiningJob } from '@sv2kit/codec';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BackEnd,
  customJobOf,
  type CustomJob,
  declarationOf,
  type DraftJob,
  eventually,
  lies,
  makeTransactions,
  sendTransactions,
  SOLO_SCRIPT,
  TestDeclarator,
} from '../src/index.ts';
import { openScene, type Pair, type Scene, startPair } from './declaring.ts';

const COUNT = 12;
const SECOND = 1_000;
const ELSEWHERE = new Uint8Array(32).fill(0xab);
const OTHER_SCRIPT = Uint8Array.from(Buffer.from(SOLO_SCRIPT, 'hex'));

const heightOf = (job: DraftJob): number => job.coinbase.locktime + 1;

/** Everything that a job declarator client may lie about, where the nodes are spoken to in that way. */
export function badDeclarations(backEnd: BackEnd): void {
  let scene: Scene;
  let pair: Pair;
  let honest: TestDeclarator;
  let liar: TestDeclarator;
  beforeAll(async () => {
    scene = await openScene('regtest', { backEnd });
    const { lab, miners } = scene;
    await sendTransactions(await makeTransactions(lab.node, COUNT), lab.node, miners);
    pair = await startPair(scene, { name: 'lied-to' });
    honest = await connect('honest.one');
    liar = await connect('liar.one');
    // A node goes on giving out a template for some seconds, whatever comes into its mempool.
    const { outputs } = await honest.allocate();
    await eventually('a template with transactions', async () => (await honest.draft(outputs)).transactions[COUNT - 1]);
  });
  afterAll(async () => {
    await liar?.[Symbol.asyncDispose]();
    await honest?.[Symbol.asyncDispose]();
    await scene?.[Symbol.asyncDispose]();
  });
  beforeEach(async (context) => {
    // Whatever a lie has done, another client's job is declared, acknowledged and credited behind it.
    context.onTestFinished(async () => {
      expect(await honest.mine(await honest.job(), { wanted: 'share' })).toBe('accepted');
    });
  });

  const connect = (user: string): Promise<TestDeclarator> =>
    TestDeclarator.connect({
      pool: pair.pool.service.address.port,
      jds: pair.jds.service.address.port,
      authority: scene.lab.authority.publicKey,
      node: scene.miners,
      user,
    });

  /** What is said of a job that is honest but for one thing. @returns the code, with what the node says behind a colon */
  async function declared(lie: (job: DraftJob) => DraftJob): Promise<string> {
    const { token, outputs } = await liar.allocate();
    const answer = await scene.lab.clock.until(SECOND, liar.declare(lie(await liar.draft(outputs)), token));
    if (!('errorCode' in answer)) return 'declared';
    return answer.details === '' ? answer.errorCode : `${answer.errorCode}: ${answer.details}`;
  }

  /** An honest declaration, and what the pool says of a custom job that is not the one declared. */
  async function proposed(change: (job: DraftJob) => Partial<SetCustomMiningJob>): Promise<string> {
    const { token, outputs } = await liar.allocate();
    const job = await liar.draft(outputs);
    const answer = await liar.declare(job, token);
    if ('errorCode' in answer) throw new Error(`the declaration was refused as ${answer.errorCode}`);
    const custom = await scene.lab.clock.until(SECOND, liar.propose(job, answer.token, change(job)));
    return 'errorCode' in custom ? custom.errorCode : 'accepted';
  }

  describe('DeclareMiningJob.Error (§6.4.6)', () => {
    test.each<{ name: string; lie: (job: DraftJob) => DraftJob; code: string | RegExp }>([
      {
        name: 'a payout of a tenth',
        lie: (job) => lies.payingOnly(job, 10n, OTHER_SCRIPT),
        code: 'pool-payout-too-low',
      },
      { name: 'no payout at all', lie: (job) => lies.payingOnly(job, 0n, OTHER_SCRIPT), code: 'missing-pool-payout' },
      { name: 'no payout output', lie: lies.payingNobody, code: 'missing-pool-payout' },
      { name: 'a coinbase that pays out too much', lie: lies.payingTooMuch, code: /^invalid-job: bad-cb-amount/ },
      {
        name: 'a wrong witness commitment',
        lie: lies.committingElsewhere,
        code: /^invalid-job: bad-witness-merkle-match/,
      },
      { name: 'too many sigops', lie: lies.withTooManySigops, code: /^invalid-job: bad-blk-sigops/ },
      {
        name: 'an extranonce under no push, which could be all 0xae',
        lie: lies.withBareExtranonce,
        code: /^invalid-coinbase-prefix: /,
      },
      {
        name: 'a transaction that spends what does not exist',
        lie: lies.withInvalidTransaction,
        code: /^invalid-job: bad-txns-inputs-missingorspent/,
      },
      { name: 'one transaction twice', lie: lies.withTransactionTwice, code: /^duplicate-transaction: / },
      { name: 'the height of the tip', lie: (job) => lies.atHeight(job, heightOf(job) - 1), code: 'stale-chain-tip' },
      { name: 'a height to come', lie: (job) => lies.atHeight(job, heightOf(job) + 500), code: 'unknown-chain-tip' },
    ])('$name', async ({ lie, code }) => {
      expect(await declared(lie)).toEqual(typeof code === 'string' ? code : expect.stringMatching(code));
    });

    test('more weight than a block may have', async () => {
      const coin = await scene.lab.node.reward();
      expect(await declared((job) => lies.overweight(job, coin))).toMatch(/^invalid-job: bad-blk-(weight|length)/);
    });

    test('other transactions than were declared, when they are asked for', async () => {
      const honestly = liar.provide;
      liar.provide = (job, positions) => honestly(job, positions).map(() => job.transactions[0] ?? new Uint8Array());
      expect(await declared(lies.withInvalidTransaction)).toMatch(/^wrong-transaction: /);
      liar.provide = () => [];
      expect(await declared(lies.withInvalidTransaction)).toMatch(/^missing-txs: /);
      liar.provide = honestly;
    });

    test('a token that has been used, one of another client, one of nobody', async () => {
      const { token, outputs } = await liar.allocate();
      const job = await liar.draft(outputs);
      const refused = { errorCode: 'invalid-mining-job-token', details: '' };
      expect(await liar.declare(job, token)).toMatchObject({ token: expect.anything() });
      expect(await liar.declare(job, token)).toEqual(refused);
      expect(await liar.declare(job, (await honest.allocate()).token)).toEqual(refused);
      expect(await liar.declare(job, Uint8Array.of(1, 2, 3))).toEqual(refused);
      const forged = new Uint8Array((await liar.allocate()).token);
      forged[0] = (forged[0] ?? 0) ^ 1;
      expect(await liar.declare(job, forged)).toEqual(refused);
    });

    test('a flood of declarations', async () => {
      await using flooder = await connect('flooder.one');
      const { token, outputs } = await flooder.allocate();
      const job = await flooder.draft(outputs);
      for (let requestId = 1_000; requestId < 1_400; requestId += 1) {
        flooder.send(declarationOf(job, requestId, token));
      }
      await flooder.declared.first(
        'a refusal of the flood',
        (each) => each.type === 'DeclareMiningJobError' && each.errorCode === 'too-many-declarations',
      );
    });
  });

  describe('SetCustomMiningJob.Error: each disagreement with what was declared has its own code (§5.3.20)', () => {
    test.each<{ name: string; change: (job: DraftJob) => Partial<SetCustomMiningJob>; code: string }>([
      { name: 'version', change: () => ({ version: 0x7fff_ffff }), code: 'invalid-version' },
      { name: 'nbits', change: () => ({ nbits: 0x1d00_ffff }), code: 'invalid-nbits' },
      { name: 'min_ntime', change: ({ minNtime }) => ({ minNtime: minNtime - 1 }), code: 'invalid-min-ntime' },
      { name: 'coinbase_tx_version', change: () => ({ coinbaseTxVersion: 1 }), code: 'invalid-coinbase-tx-version' },
      {
        name: 'coinbase_prefix',
        change: ({ coinbase }) => ({
          coinbasePrefix: Buffer.concat([coinbase.scriptSig.subarray(0, -1), Uint8Array.of(0)]),
        }),
        code: 'invalid-coinbase-prefix',
      },
      {
        name: 'coinbase_tx_input_nSequence',
        change: () => ({ coinbaseTxInputNSequence: 0 }),
        code: 'invalid-coinbase-tx-input-n-sequence',
      },
      {
        name: 'coinbase_tx_outputs, in another order',
        change: (job) => {
          const coinbase = { ...job.coinbase, outputs: [...job.coinbase.outputs].reverse() };
          const { coinbaseTxOutputs } = customJobOf(
            { ...job, coinbase },
            { requestId: 0, channelId: 0, token: ELSEWHERE },
          );
          return { coinbaseTxOutputs };
        },
        code: 'invalid-coinbase-tx-outputs',
      },
      { name: 'coinbase_tx_locktime', change: () => ({ coinbaseTxLocktime: 0 }), code: 'invalid-coinbase-tx-locktime' },
      { name: 'merkle_path', change: () => ({ merklePath: [ELSEWHERE] }), code: 'invalid-merkle-path' },
      { name: 'prev_hash', change: () => ({ prevHash: ELSEWHERE }), code: 'stale-chain-tip' },
      { name: 'a channel that is not there', change: () => ({ channelId: 4_711 }), code: 'invalid-channel-id' },
      { name: 'a token of nobody', change: () => ({ miningJobToken: ELSEWHERE }), code: 'invalid-mining-job-token' },
    ])('$name', async ({ change, code }) => {
      expect(await proposed(change)).toBe(code);
    });

    test('a token that was never declared with, one that was used already, one of another user', async () => {
      const { token, outputs } = await liar.allocate();
      const job = await liar.draft(outputs);
      expect(await liar.propose(job, token)).toMatchObject({ errorCode: 'job-not-yet-validated' });
      const declaration = await liar.declare(job, token);
      const validated = 'token' in declaration ? declaration.token : ELSEWHERE;
      expect(await honest.propose(job, validated)).toMatchObject({ errorCode: 'invalid-mining-job-token' });
      expect(await liar.propose(job, validated)).toMatchObject({ jobId: expect.any(Number) });
      expect(await liar.propose(job, validated)).toMatchObject({ errorCode: 'invalid-mining-job-token' });
    });

    test('a coinbase-only job on a tip that nobody has seen, or that pays too little', async () => {
      const { lab, miners } = scene;
      await using other = await startPair(scene, { name: 'coinbase-only', mode: 'coinbase-only' });
      await using declarator = await TestDeclarator.connect({
        pool: other.pool.service.address.port,
        jds: other.jds.service.address.port,
        authority: lab.authority.publicKey,
        node: miners,
        mode: 'coinbase-only',
      });
      const { token, outputs } = await declarator.allocate();
      const job = await declarator.draft(outputs);
      const unseen = { ...lies.atHeight(job, heightOf(job) + 1), prevHash: ELSEWHERE };
      const refused = await lab.clock.until(SECOND, declarator.propose(unseen, token));
      expect(refused).toMatchObject({ errorCode: 'unknown-chain-tip' });
      const cheap = lies.payingOnly(job, 10n, OTHER_SCRIPT);
      expect(await declarator.propose(cheap, token)).toMatchObject({ errorCode: 'pool-payout-too-low' });
      const honestly = (await declarator.propose(job, token)) as CustomJob;
      expect(await declarator.mine(honestly, { wanted: 'share' })).toBe('accepted');
    });
  });
}
