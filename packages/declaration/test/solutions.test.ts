import {
  decodeHeader,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merkleRoot,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import type { PushSolution } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { Server, valid } from './server-support.ts';
import {
  coinbaseOf,
  EXTRANONCE,
  HEIGHT,
  honestOutputs,
  NBITS,
  NOW,
  OTHER_HASH,
  PATH,
  PREV_HASH,
  VALUE,
  VERSION,
} from './support.ts';

const solution = (nonce: number, extranonce = new Uint8Array(EXTRANONCE).fill(6)): PushSolution => ({
  type: 'PushSolution',
  extranonce,
  prevHash: PREV_HASH,
  nonce,
  ntime: NOW,
  nbits: NBITS,
  version: VERSION,
});

/** Half of all hashes meet regtest's target: an allocated payout so that a solution is one for this job alone. */
const partsPaying = (payout: bigint) => coinbaseOf(honestOutputs(payout));

/** One in 256 hashes is a block. */
const ONE_IN_256 = 0x2000ffff;

/** A nonce that solves the job with `parts`, and none of `others`. */
function nonceFor(solves: bigint, not: readonly bigint[], nbits = NBITS): number {
  for (let nonce = 0; nonce < 10_000; nonce += 1) {
    if (isBlock(solves, nonce, nbits) && !not.some((other) => isBlock(other, nonce, nbits))) return nonce;
  }
  throw new Error('no nonce solves it');
}
function isBlock(payout: bigint, nonce: number, nbits: number): boolean {
  const { prefix, suffix } = partsPaying(payout);
  const coinbase = Uint8Array.of(...prefix, ...solution(0).extranonce, ...suffix);
  const { type: _type, extranonce: _extranonce, ...fields } = { ...solution(nonce), nbits };
  const header = encodeHeader({ ...fields, merkleRoot: merkleRoot(sha256d(coinbase), PATH) });
  return meetsTarget(hashHeader(header), targetFromNbits(nbits));
}

describe('PushSolution (§6.4.9)', () => {
  test('makes the block of the latest declared job: header, coinbase with witness, merkle root', () => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), valid(7));
    peer.receive(solution(nonceFor(VALUE, [])), server.nowMs);
    const [{ solved } = { solved: undefined }] = server.take('submit');
    expect(solved).toMatchObject({ handle: 7, height: HEIGHT, peer: 1 });
    if (solved === undefined) return;
    const extranonce = new Uint8Array(EXTRANONCE).fill(6);
    expect(solved.coinbase).toEqual(joinCoinbase(coinbaseOf(), extranonce, { segwit: true }));
    const txid = sha256d(joinCoinbase(coinbaseOf(), extranonce, { segwit: false }));
    expect(decodeHeader(solved.header)).toMatchObject({
      version: VERSION,
      prevHash: PREV_HASH,
      merkleRoot: merkleRoot(txid, PATH),
      nbits: NBITS,
    });
    expect(meetsTarget(solved.hash, targetFromNbits(NBITS))).toBe(true);
  });

  test('is tried on earlier jobs, and on those of other connections, open or not', () => {
    const [first, second] = [VALUE - 1n, VALUE - 2n];
    const nonce = nonceFor(first, [second]);
    const server = new Server();
    const finder = server.connect(1);
    server.checked(server.declare(finder, { parts: partsPaying(first) }), valid(1));
    server.checked(server.declare(finder, { parts: partsPaying(second) }), valid(2));
    finder.receive(solution(nonce), server.nowMs);
    server.declarations.disconnect(1);
    server.connect(2).receive(solution(nonce), server.nowMs);
    expect(server.take('submit').map(({ solved }) => solved.handle)).toEqual([1, 1]);
    expect(server.declarations.solve(solution(nonce))?.handle).toBe(1);
  });

  test.each([
    { name: 'another tip', change: { prevHash: OTHER_HASH } },
    { name: 'another difficulty', change: { nbits: 0x1d00ffff } },
    { name: 'an extranonce of another size', change: { extranonce: new Uint8Array(8) } },
  ])('for $name solves nothing', ({ change }) => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), valid());
    for (let nonce = 0; nonce < 15; nonce += 1) peer.receive({ ...solution(nonce), ...change }, server.nowMs);
    expect(server.take('submit')).toEqual([]);
  });

  test('that comes before its job is acknowledged is kept for it (optimistic mining, §6.3.2)', () => {
    const server = new Server();
    const peer = server.connect();
    const check = server.declare(peer);
    const early = solution(nonceFor(VALUE, []));
    peer.receive(early, server.nowMs);
    early.extranonce.fill(0);
    expect(server.take('submit')).toEqual([]);
    server.checked(check, valid(3));
    expect(server.take('submit').map(({ solved }) => solved.handle)).toEqual([3]);
    server.pass(100);
    expect(server.take('report').filter(({ event }) => event.kind === 'solution')).toMatchObject([
      { event: { outcome: 'block' } },
    ]);
  });

  test('that comes early is a block even if its finder leaves before the job is acknowledged', () => {
    const server = new Server();
    const peer = server.connect();
    const check = server.declare(peer);
    const [unasked] = [server.declare(peer, { requestId: 2, parts: coinbaseOf(honestOutputs(), HEIGHT + 1) })];
    expect(unasked).toBeUndefined();
    peer.receive(solution(nonceFor(VALUE, [])), server.nowMs);
    server.declarations.disconnect(1);
    expect(server.take('cancel')).toEqual([]);
    expect(server.declarations.view()).toMatchObject({ pending: 1, connections: { 'full-template': 0 } });
    server.pass(100);
    server.checked(check, valid(3));
    expect(server.take('submit').map(({ solved }) => solved.handle)).toEqual([3]);
    expect(server.declarations.view()).toMatchObject({ pending: 0, jobs: 1 });
    server.connect(1);
  });

  test('that comes early and its finder leaves: nothing is left of both when the node asks for transactions', () => {
    const server = new Server();
    const peer = server.connect();
    const check = server.declare(peer);
    peer.receive(solution(nonceFor(VALUE, [])), server.nowMs);
    server.declarations.disconnect(1);
    server.checked(check, { kind: 'missing', positions: [1] });
    expect(server.declarations.view()).toMatchObject({ pending: 0, jobs: 0 });
    server.connect(1);
  });

  test('that comes early for a job that is refused is counted, and let go', () => {
    const server = new Server();
    const peer = server.connect();
    const check = server.declare(peer);
    peer.receive(solution(nonceFor(VALUE, [])), server.nowMs);
    server.checked(check, { kind: 'invalid', reason: 'bad-txns' });
    expect(server.take('submit')).toEqual([]);
    expect(server.take('report').filter(({ event }) => event.kind === 'solution')).toMatchObject([
      { event: { outcome: 'no-block' } },
    ]);
  });

  test('that was handed on before is not again, and ends the connection when it goes on', () => {
    const server = new Server({ uselessSolutionsBurst: 2 });
    const peer = server.connect();
    server.checked(server.declare(peer), valid());
    const block = solution(nonceFor(VALUE, []));
    for (let times = 0; times < 3; times += 1) peer.receive(block, server.nowMs);
    expect(server.take('submit')).toHaveLength(1);
    expect(() => peer.receive(block, server.nowMs)).toThrow('too-many-solutions');
  });

  test('is tried on so many jobs of others at once; the rest have their turn, and the block is not lost', () => {
    const server = new Server({ searchBytesFirst: 1_000, searchBytesPerMinute: 600_000 });
    const payouts = Array.from({ length: 40 }, (_, at) => VALUE - BigInt(at));
    const [first = VALUE, ...later] = payouts;
    const nonce = nonceFor(first, later, ONE_IN_256);
    for (const [at, payout] of payouts.entries()) {
      const peer = server.connect(at);
      server.checked(server.declare(peer, { parts: partsPaying(payout) }), valid(at, { nbits: ONE_IN_256 }));
    }
    const handles = () => server.take('submit').map(({ solved }) => solved.handle);
    const pool = server.connect(99, 'coinbase-only');
    pool.receive({ ...solution(nonce), nbits: ONE_IN_256 }, server.nowMs);
    expect(handles()).toEqual([]);
    for (let ticks = 0; ticks < 40; ticks += 1) server.pass(100);
    expect(handles()).toEqual([0]);
  });

  test('that solves nothing, again and again, ends the connection', () => {
    const server = new Server({ uselessSolutionsBurst: 2 });
    const peer = server.connect();
    peer.receive(solution(1), server.nowMs);
    peer.receive(solution(2), server.nowMs);
    expect(() => peer.receive(solution(3), server.nowMs)).toThrow('too-many-solutions');
  });
});

describe('declared jobs are remembered', () => {
  const released = (server: Server) => server.take('release').map(({ handle }) => handle);

  test('until the chain has passed them by a block', () => {
    const server = new Server();
    server.checked(server.declare(server.connect()), valid(1));
    server.setTip(HEIGHT, OTHER_HASH);
    expect(released(server)).toEqual([]);
    server.setTip(HEIGHT + 1, PREV_HASH);
    expect(released(server)).toEqual([1]);
    expect(server.declarations.view()).toMatchObject({ jobs: 0, jobBytes: 0 });
  });

  test('so many of a connection, the latest ones', () => {
    const server = new Server({ jobsPerConnection: 2 });
    const peer = server.connect();
    for (const handle of [1, 2, 3]) server.checked(server.declare(peer), valid(handle));
    expect(released(server)).toEqual([1]);
  });

  test('but for the older ones where the node holds too much, and then but for the oldest', () => {
    const server = new Server();
    const [one, two] = [server.connect(1), server.connect(2)];
    for (const handle of [1, 2]) server.checked(server.declare(one), valid(handle));
    server.checked(server.declare(two), valid(3));
    server.declarations.shed();
    expect(released(server)).toEqual([1]);
    server.declarations.shed();
    expect(released(server)).toEqual([2]);
    server.declarations.shed();
    expect(released(server)).toEqual([3]);
    expect(server.declarations.view()).toMatchObject({ jobs: 0, jobBytes: 0 });
  });

  test('but not beyond a number over all: those of connections that have ended go first, and never the only one of another', () => {
    const server = new Server({ jobsInAll: 3 });
    const honest = server.connect(1);
    server.checked(server.declare(honest), valid(1));
    for (let id = 2; id < 8; id += 1) {
      server.checked(server.declare(server.connect(id)), valid(id));
      server.declarations.disconnect(id);
    }
    expect(released(server)).toEqual([2, 3, 4, 5]);
    expect(server.declarations.view().jobs).toBe(3);
  });

  test('but those of whoever holds most, where the node holds too much: never the latest of a client that holds little', () => {
    const server = new Server();
    server.checked(server.declare(server.connect(1)), valid(1));
    for (let id = 2; id < 5; id += 1) {
      const heavy = server.connect(id);
      server.checked(server.declare(heavy), { kind: 'missing', positions: [1] });
      heavy.receive(
        { type: 'ProvideMissingTransactionsSuccess', requestId: 1, transactionList: [new Uint8Array(1_000_000)] },
        server.nowMs,
      );
      server.checked(server.take('check')[0]?.check, valid(id));
    }
    server.declarations.shed();
    expect(released(server)).toEqual([2, 3]);
  });

  test('by bytes over all, so that the greatest holder makes room', () => {
    const server = new Server({ jobBytes: 900 });
    const [greedy, modest] = [server.connect(1), server.connect(2)];
    server.checked(server.declare(modest), valid(1));
    for (const handle of [2, 3, 4, 5]) server.checked(server.declare(greedy), valid(handle));
    expect(released(server)).not.toContain(1);
    expect(server.declarations.view().jobBytes).toBeLessThanOrEqual(900);
  });
});
