import { decodeCountedOutputs } from '@sv2kit/bitcoin';
import type { AllocateMiningJobTokenSuccess } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { openToken, userDigest } from '../src/index.ts';
import { Server, valid } from './server-support.ts';
import { ALICE, declareMessage, declaredToken, KEY, MARK, NOW, PAYOUT } from './support.ts';

const ask = (requestId: number, userIdentifier = ALICE) =>
  ({ type: 'AllocateMiningJobToken', userIdentifier, requestId }) as const;

describe('the allocation of tokens (§6.4.2, §6.4.3)', () => {
  test('names the pool payout output first, and every output without a value', () => {
    const server = new Server();
    server.connect().receive(ask(3), server.nowMs);
    const [answer] = server.sent() as AllocateMiningJobTokenSuccess[];
    expect(answer).toMatchObject({ type: 'AllocateMiningJobTokenSuccess', requestId: 3 });
    expect(decodeCountedOutputs(answer?.coinbaseTxOutputs ?? new Uint8Array())).toEqual([
      { value: 0n, script: PAYOUT },
      MARK,
    ]);
  });

  test.each(['full-template', 'coinbase-only'] as const)('gives tokens of the mode of the connection: %s', (mode) => {
    const server = new Server();
    const token = server.token(server.connect(1, mode));
    expect(openToken(KEY, token)).toMatchObject({ mode, user: userDigest(ALICE), expires: NOW + 86_400 });
  });

  test('never gives the same token twice', () => {
    const server = new Server({ tokensBurst: 50 });
    const peer = server.connect();
    const ids = Array.from({ length: 50 }, () => String(openToken(KEY, server.token(peer))?.id));
    expect(new Set(ids).size).toBe(50);
  });

  test('delays what comes too fast, in order, and refuses nothing', () => {
    const server = new Server({ tokensBurst: 2, tokensPerMinute: 60 });
    const peer = server.connect();
    for (const requestId of [1, 2, 3, 4]) peer.receive(ask(requestId), server.nowMs);
    const ids = () => (server.sent() as AllocateMiningJobTokenSuccess[]).map(({ requestId }) => requestId);
    expect(ids()).toEqual([1, 2]);
    server.pass(999);
    expect(ids()).toEqual([]);
    server.pass(1);
    expect(ids()).toEqual([3]);
    peer.receive(ask(5), server.nowMs);
    server.pass(2000);
    expect(ids()).toEqual([4, 5]);
  });

  test('ends a connection that asks for more than may wait', () => {
    const server = new Server({ tokensBurst: 1, waitingTokenRequests: 2 });
    const peer = server.connect();
    for (const requestId of [1, 2, 3]) peer.receive(ask(requestId), server.nowMs);
    expect(() => peer.receive(ask(4), server.nowMs)).toThrow('too-many-token-requests');
  });
});

describe('a token (§6.4.4)', () => {
  test('is good for one declaration, whatever came of it', () => {
    const server = new Server();
    const peer = server.connect();
    const token = server.token(peer);
    server.checked(server.declareWith(peer, declareMessage(token)), { kind: 'invalid', reason: 'bad-txns' });
    expect(server.answers()).toEqual(['invalid-job: bad-txns']);
    server.declareWith(peer, declareMessage(token));
    expect(server.answers()).toEqual(['invalid-mining-job-token']);
  });

  test('is good on the connection that it was given on', () => {
    const server = new Server();
    const token = server.token(server.connect(1));
    server.declareWith(server.connect(2), declareMessage(token));
    expect(server.answers()).toEqual(['invalid-mining-job-token']);
  });

  test('is worth nothing from its expiry on', () => {
    const server = new Server({ allocatedTokenSeconds: 60 });
    const peer = server.connect();
    const [first, second] = [server.token(peer), server.token(peer)];
    server.nowMs += 59_999;
    expect(server.declareWith(peer, declareMessage(first))).toBeDefined();
    server.nowMs += 1;
    server.declareWith(peer, declareMessage(second, { requestId: 2 }));
    expect(server.answers()).toEqual(['invalid-mining-job-token']);
  });

  test('is forgotten when a client hoards', () => {
    const server = new Server({ liveTokens: 2 });
    const peer = server.connect();
    const [first, , third] = [server.token(peer), server.token(peer), server.token(peer)];
    expect(server.declarations.view().liveTokens).toBe(2);
    server.declareWith(peer, declareMessage(first));
    expect(server.answers()).toEqual(['invalid-mining-job-token']);
    expect(server.declareWith(peer, declareMessage(third))).toBeDefined();
  });

  test('that is forged, or is that of a declared job, declares nothing', () => {
    const server = new Server();
    const peer = server.connect();
    for (const token of [new Uint8Array(69), new Uint8Array(0), declaredToken()]) {
      server.declareWith(peer, declareMessage(token));
      expect(server.answers()).toEqual(['invalid-mining-job-token']);
    }
  });

  test('is not used up by a flood that is refused', () => {
    const server = new Server({ declarationsBurst: 1, declarationsPerMinute: 60 });
    const peer = server.connect();
    const [first, second] = [server.token(peer), server.token(peer)];
    server.checked(server.declareWith(peer, declareMessage(first)), valid());
    server.declareWith(peer, declareMessage(second));
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess', 'too-many-declarations']);
    server.pass(1000);
    expect(server.declareWith(peer, declareMessage(second))).toBeDefined();
  });
});
