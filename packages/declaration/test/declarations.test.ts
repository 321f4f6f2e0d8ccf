import { encodeCountedOutputs, type TxOut } from '@sv2kit/bitcoin';
import type { DeclareMiningJobSuccess } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { CustomJobJudge, tokenVerifier } from '../src/index.ts';
import { Server, valid } from './server-support.ts';
import {
  ALICE,
  coinbaseOf,
  customJob,
  declareMessage,
  EXTRANONCE,
  HEIGHT,
  honestOutputs,
  KEY,
  MARK,
  MINER,
  NOW_MS,
  OTHER_HASH,
  PAYOUT,
  TERMS,
  tip,
  VALUE,
} from './support.ts';

/** Halves with some bytes of the first one changed. */
const patched = (at: number, ...values: number[]) => {
  const parts = coinbaseOf();
  const segwitPrefix = parts.segwitPrefix.slice();
  segwitPrefix.set(values, at);
  return { ...parts, segwitPrefix };
};
const provide = (requestId: number, transactionList: readonly Uint8Array[]) =>
  ({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList }) as const;
const TX = Uint8Array.of(1, 2, 3);

describe('a declared job (§6.4.4)', () => {
  test('that the node finds valid gets a token that the pool believes, for this job alone', () => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), valid());
    const [answer] = server.sent() as DeclareMiningJobSuccess[];
    expect(answer).toMatchObject({ type: 'DeclareMiningJobSuccess', requestId: 1 });
    const miningJobToken = answer?.newMiningJobToken ?? new Uint8Array();
    const pool = new CustomJobJudge({ ...TERMS, verifier: tokenVerifier(KEY), network: 'regtest' });
    pool.tip(tip());
    const judge = (message: ReturnType<typeof customJob>) =>
      pool.judge({ message, userIdentity: ALICE, channelKeys: [1], fullExtranonceSize: EXTRANONCE, nowMs: NOW_MS });
    const reordered = encodeCountedOutputs(honestOutputs().toReversed());
    expect(judge(customJob({ miningJobToken, coinbaseTxOutputs: reordered }))).toEqual({
      kind: 'refused',
      code: 'invalid-coinbase-tx-outputs',
    });
    expect(judge(customJob({ miningJobToken }))).toMatchObject({ kind: 'accepted', mode: 'full-template', credit: 1 });
  });

  test('is shown to the node as declared: zeros for the extranonce, the witness in place, wtxids in order', () => {
    const server = new Server();
    const peer = server.connect();
    const parts = coinbaseOf();
    peer.receive(declareMessage(server.token(peer)), server.nowMs);
    const [{ job } = { job: undefined }] = server.take('check');
    expect(job?.coinbase).toEqual(
      Uint8Array.of(...parts.segwitPrefix, ...new Uint8Array(EXTRANONCE), ...parts.segwitSuffix),
    );
    expect(job?.wtxids).toEqual(Uint8Array.of(...[11, 12, 13].flatMap((byte) => [...new Uint8Array(32).fill(byte)])));
    expect(job?.provided).toEqual([]);
  });

  const outputs = (...list: TxOut[]) => ({ parts: coinbaseOf(list) });
  test.each([
    { code: 'invalid-coinbase-tx', what: { coinbaseTxSuffix: Uint8Array.of(1) } },
    { code: 'invalid-coinbase-tx', what: { parts: patched(43, 101) } },
    { code: 'invalid-coinbase-tx', what: outputs(...honestOutputs(), { value: 0n, script: new Uint8Array(16_384) }) },
    { code: 'invalid-coinbase-tx-input', what: { parts: patched(6, 2) } },
    { code: 'invalid-coinbase-tx-input', what: { parts: patched(7, 1) } },
    { code: 'invalid-coinbase-prefix', what: { parts: patched(43, 13) } },
    { code: 'invalid-coinbase-prefix', what: { parts: patched(44, 0x6a) } },
    { code: 'invalid-coinbase-prefix', what: { parts: patched(44, 3) } },
    { code: 'missing-pool-payout', what: outputs({ value: VALUE, script: MINER }, MARK) },
    { code: 'missing-pool-payout', what: { parts: coinbaseOf(honestOutputs(0n)) } },
    { code: 'missing-pool-outputs', what: outputs({ value: VALUE, script: PAYOUT }) },
    { code: 'too-many-transactions', what: { wtxidList: Array.from({ length: 16_667 }, () => OTHER_HASH) } },
    { code: 'stale-chain-tip', what: { parts: coinbaseOf(honestOutputs(), HEIGHT - 1) } },
    { code: 'unknown-chain-tip', what: { parts: coinbaseOf(honestOutputs(), HEIGHT + 145) } },
  ])('is refused as $code before the node is asked', ({ code, what }) => {
    const server = new Server();
    expect(server.declare(server.connect(), what)).toBeUndefined();
    expect(server.answers().map((answer) => answer.split(':', 1)[0])).toEqual([code]);
  });

  test('is refused with a word about what is wrong', () => {
    const server = new Server();
    const peer = server.connect();
    server.declare(peer, { parts: patched(43, 101) });
    server.declare(peer, { parts: patched(44, 3) });
    server.declare(peer, { wtxidList: Array.from({ length: 16_667 }, () => new Uint8Array(32)) });
    expect(server.answers()).toEqual([
      'invalid-coinbase-tx: the scriptSig has 101 bytes; 100 are allowed',
      "invalid-coinbase-prefix: the scriptSig starts with the block's height and ends in the opcode that pushes the extranonce",
      'too-many-transactions: 16667 transactions are declared; a block has at most 16666',
    ]);
  });

  test.each([
    { result: { kind: 'invalid', reason: 'bad-blk-sigops' }, answer: 'invalid-job: bad-blk-sigops' },
    { result: { kind: 'duplicate', position: 2 }, answer: 'duplicate-transaction: position 2' },
    { result: { kind: 'wrong-transaction', position: 0 }, answer: 'wrong-transaction: position 0' },
    { result: { kind: 'stale' }, answer: 'stale-chain-tip' },
    { result: { kind: 'failed' }, answer: 'internal-error' },
    { result: valid(1, { value: VALUE * 2n + 2n }), answer: 'pool-payout-too-low' },
    { result: valid(1, { height: HEIGHT + 1 }), answer: 'stale-chain-tip' },
  ] as const)('is refused by what the node says: $answer', ({ result, answer }) => {
    const server = new Server();
    server.checked(server.declare(server.connect()), result);
    expect(server.answers()).toEqual([answer]);
    expect(server.take('release')).toHaveLength(result.kind === 'valid' ? 1 : 0);
    expect(server.declarations.view()).toMatchObject({ pending: 0, jobs: 0 });
  });

  test('of a connection that shows its coinbases alone is refused (§6.4.1)', () => {
    const server = new Server();
    server.declare(server.connect(1, 'coinbase-only'));
    expect(server.answers()).toEqual(['declare-not-negotiated']);
  });

  test('waits seconds for a node that cannot be asked, as after a start', () => {
    const server = new Server({}, 'no-tip');
    const peer = server.connect();
    expect(server.declare(peer)).toBeUndefined();
    server.setTip(HEIGHT - 1, OTHER_HASH);
    server.checked(server.take('check')[0]?.check, valid());
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('is refused when the node stays away', () => {
    const server = new Server({}, 'no-tip');
    server.declare(server.connect());
    server.pass(5_000);
    expect(server.answers()).toEqual(['node-unavailable']);
  });
});

describe('transactions that the node does not have (§6.4.7)', () => {
  test('are asked for once, copied, and shown to the node at their places', () => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), { kind: 'missing', positions: [2, 0] });
    expect(server.sent()).toEqual([
      { type: 'ProvideMissingTransactions', requestId: 1, unknownTxPositionList: [2, 0] },
    ]);
    const received = TX.slice();
    peer.receive(provide(1, [received, Uint8Array.of(9)]), server.nowMs);
    received.fill(0);
    const [{ check, job } = { check: 0, job: undefined }] = server.take('check');
    expect(job?.provided).toEqual([
      { position: 2, transaction: TX },
      { position: 0, transaction: Uint8Array.of(9) },
    ]);
    server.checked(check, { kind: 'missing', positions: [1] });
    expect(server.answers()).toEqual(['missing-txs']);
  });

  test.each([
    { name: 'too few', list: [] as Uint8Array[], answer: 'missing-txs: 1 were asked for, 0 came' },
    { name: 'more than a block holds', list: [new Uint8Array(4_000_001)], answer: 'invalid-job: bad-blk-length' },
  ])('that are $name end the declaration: $answer', ({ list, answer }) => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), { kind: 'missing', positions: [1] });
    server.answers();
    peer.receive(provide(1, list), server.nowMs);
    expect(server.answers()).toEqual([answer]);
  });

  test('are waited for so long and no longer', () => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), { kind: 'missing', positions: [1] });
    server.answers();
    server.pass(59_999);
    expect(server.answers()).toEqual([]);
    server.pass(1);
    expect(server.answers()).toEqual(['missing-txs']);
    peer.receive(provide(1, [TX]), server.nowMs);
    expect(server.take('check')).toEqual([]);
  });

  test('that nobody asked for are passed over, and end the connection when they go on', () => {
    const server = new Server({ floodBurst: 2 });
    const peer = server.connect();
    peer.receive(provide(1, [TX]), server.nowMs);
    peer.receive(provide(1, [TX]), server.nowMs);
    expect(server.answers()).toEqual([]);
    expect(() => peer.receive(provide(1, [TX]), server.nowMs)).toThrow('unasked-transactions');
  });

  test('that nobody asked for end the connection the sooner the larger they are', () => {
    const server = new Server({ floodBurst: 10 });
    const peer = server.connect();
    const block = new Uint8Array(4_000_000);
    for (let times = 0; times < 3; times += 1) peer.receive(provide(1, [block]), server.nowMs);
    expect(() => peer.receive(provide(1, [block]), server.nowMs)).toThrow('unasked-transactions');
  });

  test('are held back by a bound over all connections', () => {
    const server = new Server({ providedBytesInAll: 5 });
    const [one, two] = [server.connect(1), server.connect(2)];
    for (const peer of [one, two]) {
      server.checked(server.declare(peer), { kind: 'missing', positions: [1] });
      server.answers();
    }
    one.receive(provide(1, [TX]), server.nowMs);
    two.receive(provide(1, [TX]), server.nowMs);
    expect(server.answers()).toEqual(['too-many-declarations']);
    server.checked(server.take('check')[0]?.check, { kind: 'stale' });
    expect(server.declarations.view().pending).toBe(0);
  });
});

describe('a race of tips is nobody’s fault (§6.4.6)', () => {
  test('a job for a tip that the node is about to see is held, then judged', () => {
    const server = new Server();
    const peer = server.connect();
    expect(server.declare(peer, { parts: coinbaseOf(honestOutputs(), HEIGHT + 1) })).toBeUndefined();
    server.pass(4_999);
    expect(server.answers()).toEqual([]);
    server.setTip(HEIGHT, OTHER_HASH);
    server.checked(server.take('check')[0]?.check, valid(1, { height: HEIGHT + 1, prevHash: OTHER_HASH }));
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('a job for a tip that is some blocks ahead is held too: several may come at once', () => {
    const server = new Server();
    const peer = server.connect();
    expect(server.declare(peer, { parts: coinbaseOf(honestOutputs(), HEIGHT + 10) })).toBeUndefined();
    expect(server.answers()).toEqual([]);
    server.setTip(HEIGHT + 3, new Uint8Array(32).fill(3));
    expect(server.answers()).toEqual([]);
    server.setTip(HEIGHT + 9, OTHER_HASH);
    server.checked(server.take('check')[0]?.check, valid(1, { height: HEIGHT + 10, prevHash: OTHER_HASH }));
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('a job for a tip that does not come is refused after seconds', () => {
    const server = new Server();
    server.declare(server.connect(), { parts: coinbaseOf(honestOutputs(), HEIGHT + 1) });
    server.pass(5_000);
    expect(server.answers()).toEqual(['unknown-chain-tip']);
  });

  test.each([
    { name: 'the node calls it invalid', result: { kind: 'invalid', reason: 'bad-cb-height' } },
    { name: 'the node lacks transactions, which the new block took', result: { kind: 'missing', positions: [1] } },
    { name: 'the node says so itself', result: { kind: 'stale' } },
  ] as const)('a job whose tip has passed meanwhile is stale: $name', ({ result }) => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.setTip(HEIGHT, OTHER_HASH);
    server.checked(check, result);
    expect(server.answers()).toEqual(['stale-chain-tip']);
  });

  test('at once, so that the node is free for the new tip', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.setTip(HEIGHT, OTHER_HASH);
    expect(server.answers()).toEqual(['stale-chain-tip']);
    expect(server.take('cancel')).toEqual([{ kind: 'cancel', check }]);
    server.checked(check, valid(8));
    expect(server.take('release')).toEqual([{ kind: 'release', handle: 8 }]);
  });

  test('so is one for the tip’s own height after a change of sides', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.setTip(HEIGHT - 1, OTHER_HASH);
    server.checked(check, { kind: 'invalid', reason: 'bad-txns-inputs-missingorspent' });
    expect(server.answers()).toEqual(['stale-chain-tip']);
  });

  test('and one that waits for its transactions, at once', () => {
    const server = new Server();
    server.checked(server.declare(server.connect()), { kind: 'missing', positions: [1] });
    server.answers();
    server.setTip(HEIGHT, OTHER_HASH);
    expect(server.answers()).toEqual(['stale-chain-tip']);
  });
});

describe('floods', () => {
  test('of one connection are refused, and end it when they go on', () => {
    const server = new Server({ declarationsBurst: 2, floodBurst: 3 });
    const peer = server.connect();
    const send = () => peer.receive(declareMessage(new Uint8Array(1)), server.nowMs);
    for (let i = 0; i < 5; i += 1) send();
    expect(server.answers()).toEqual([
      'invalid-mining-job-token',
      'invalid-mining-job-token',
      'too-many-declarations',
      'too-many-declarations',
      'too-many-declarations',
    ]);
    expect(send).toThrow('declaration-flood');
  });

  test('of declarations that were never negotiated end the connection too', () => {
    const server = new Server({ floodBurst: 2 });
    const peer = server.connect(1, 'coinbase-only');
    const send = () => peer.receive(declareMessage(new Uint8Array(1)), server.nowMs);
    send();
    send();
    expect(send).toThrow('declaration-flood');
  });

  test('of many declarations at once are bounded, and leave room for whoever has none', () => {
    const server = new Server({ pendingPerConnection: 3, pendingInAll: 4 });
    const [greedy, other, honest] = [server.connect(1), server.connect(2), server.connect(3)];
    for (let requestId = 0; requestId < 4; requestId += 1) server.declare(greedy, { requestId });
    expect(server.answers()).toEqual(['too-many-declarations']);
    for (let requestId = 0; requestId < 2; requestId += 1) server.declare(other, { requestId });
    expect(server.answers()).toEqual(['too-many-declarations']);
    server.checked(server.declare(honest), valid());
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('cannot mix up answers: a request id is used once at a time', () => {
    const server = new Server();
    const peer = server.connect();
    server.declare(peer);
    expect(() => peer.receive(declareMessage(new Uint8Array(1)), server.nowMs)).toThrow('duplicate-request-id');
  });
});

describe('a connection that ends', () => {
  test('takes its checks with it; an answer that comes all the same is let go', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.declarations.disconnect(1);
    expect(server.take('cancel')).toEqual([{ kind: 'cancel', check }]);
    server.checked(check, valid(42));
    expect(server.take('release')).toEqual([{ kind: 'release', handle: 42 }]);
    expect(server.answers()).toEqual([]);
    expect(server.declarations.view()).toMatchObject({ pending: 0, jobs: 0 });
  });
});
