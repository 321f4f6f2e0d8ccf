import { describe, expect, test } from 'vitest';
import { Server, valid } from './server-support.ts';
import { HEIGHT, OTHER_HASH, PREV_HASH } from './support.ts';

const TX = Uint8Array.of(1, 2, 3);
const away = { kind: 'unavailable', reason: '10.1.2.3:8332 cannot be reached: ECONNREFUSED' } as const;
const provide = (requestId: number) =>
  ({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList: [TX] }) as const;

describe('a declaration whose node goes away while it is judged (§6.4.6)', () => {
  test('waits for it and is judged then, as one that came a moment later would be', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.declarations.setTip(undefined, server.nowMs);
    server.checked(check, away);
    server.pass(4_000);
    expect(server.answers()).toEqual([]);
    server.setTip(HEIGHT - 1, PREV_HASH);
    server.checked(server.take('check')[0]?.check, valid());
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('is asked about again where the tip stands, say when another node has taken over or there was too much to do', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.checked(check, away);
    server.pass(499);
    expect(server.take('check')).toEqual([]);
    server.pass(1);
    server.checked(server.take('check')[0]?.check, valid());
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('is refused after seconds, without a word about where the node is', () => {
    const server = new Server();
    const first = server.declare(server.connect());
    for (let waited = 0, check: number | undefined = first; waited < 5_000; waited += 500) {
      server.checked(check, away);
      expect(server.answers()).toEqual([]);
      server.pass(500);
      check = server.take('check').at(-1)?.check;
    }
    expect(server.answers()).toEqual(['node-unavailable']);
    const [report] = server.take('report').filter(({ event }) => event.kind === 'declaration');
    expect(report?.event).toMatchObject({ outcome: 'node-unavailable', detail: away.reason });
    expect(server.declarations.view().pending).toBe(0);
  });

  test('is refused after seconds when it never comes back', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.declarations.setTip(undefined, server.nowMs);
    server.checked(check, away);
    server.pass(5_000);
    expect(server.answers()).toEqual(['node-unavailable']);
  });

  test('keeps the transactions that were provided meanwhile', () => {
    const server = new Server();
    const peer = server.connect();
    server.checked(server.declare(peer), { kind: 'missing', positions: [1] });
    server.answers();
    server.declarations.setTip(undefined, server.nowMs);
    peer.receive(provide(1), server.nowMs);
    expect(server.answers()).toEqual([]);
    server.setTip(HEIGHT - 1, PREV_HASH);
    const [{ check, job } = { check: 0, job: undefined }] = server.take('check');
    expect(job?.provided).toEqual([{ position: 1, transaction: TX }]);
    server.checked(check, valid());
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess']);
  });

  test('is stale when the node comes back with another tip', () => {
    const server = new Server();
    const check = server.declare(server.connect());
    server.declarations.setTip(undefined, server.nowMs);
    server.checked(check, away);
    server.setTip(HEIGHT, OTHER_HASH);
    expect(server.answers()).toEqual(['stale-chain-tip']);
  });
});

describe('a connection that has its share of the room (limits)', () => {
  test('is not refused for what others have provided', () => {
    const server = new Server({ providedBytesInAll: 9 });
    const [greedy, honest] = [server.connect(1), server.connect(2)];
    for (const [peer, requestId] of [
      [greedy, 1],
      [greedy, 2],
      [greedy, 3],
      [greedy, 4],
      [honest, 1],
    ] as const) {
      server.checked(server.declare(peer, { requestId }), { kind: 'missing', positions: [1] });
    }
    server.answers();
    for (const requestId of [1, 2, 3]) greedy.receive(provide(requestId), server.nowMs);
    expect(server.take('check')).toHaveLength(3);
    greedy.receive(provide(4), server.nowMs);
    expect(server.answers()).toEqual(['too-many-declarations']);
    honest.receive(provide(1), server.nowMs);
    expect(server.answers()).toEqual([]);
    expect(server.take('check')).toHaveLength(1);
  });

  test('is not refused a second declaration because others have many', () => {
    const server = new Server({ pendingPerConnection: 8, pendingInAll: 8 });
    const [greedy, honest] = [server.connect(1), server.connect(2)];
    for (let requestId = 0; requestId < 8; requestId += 1) server.declare(greedy, { requestId });
    for (const requestId of [1, 2]) server.checked(server.declare(honest, { requestId }), valid(requestId));
    expect(server.answers()).toEqual(['DeclareMiningJobSuccess', 'DeclareMiningJobSuccess']);
    server.declare(honest, { requestId: 3 });
    server.declare(honest, { requestId: 4 });
    expect(server.answers()).toEqual([]);
  });
});
