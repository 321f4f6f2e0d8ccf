import { ProtocolError } from '@sv2kit/codec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CheckResult, DeclarationEffect, DeclarationPeer } from '../src/index.ts';
import { Server, valid } from './server-support.ts';
import { coinbaseOf, declareMessage, HEIGHT, honestOutputs } from './support.ts';

const peerOf = fc.integer({ min: 1, max: 3 });
const step = fc.oneof(
  fc.record({ do: fc.constant('declare' as const), peer: peerOf, height: fc.integer({ min: -1, max: 3 }) }),
  fc.record({ do: fc.constant('provide' as const), peer: peerOf, count: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant('answer' as const), pick: fc.nat(), result: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ do: fc.constant('tip' as const), by: fc.integer({ min: 0, max: 1 }), side: fc.nat({ max: 200 }) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 70_000 }) }),
  fc.record({ do: fc.constant('leave' as const), peer: peerOf }),
);

/** Plays steps and keeps account of what must balance. */
class Account {
  readonly server = new Server({
    pendingPerConnection: 3,
    pendingInAll: 5,
    jobsPerConnection: 2,
    tokensBurst: 1000,
    floodBurst: 1e6,
  });
  readonly peers = new Map<number, DeclarationPeer>();
  readonly checks: number[] = [];
  readonly open = new Set<string>();
  readonly handles = new Set<number>();
  #lastHandle = 0;
  #lastRequest = 0;
  #height = HEIGHT - 1;

  play(each: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
    const { server } = this;
    switch (each.do) {
      case 'declare': {
        const peer = this.#peer(each.peer);
        const requestId = ++this.#lastRequest;
        this.open.add(`${peer.id}:${requestId}`);
        const parts = coinbaseOf(honestOutputs(), this.#height + 1 + each.height);
        this.#guard(peer, () => peer.receive(declareMessage(this.#token(peer), { requestId, parts }), server.nowMs));
        break;
      }
      case 'provide': {
        const peer = this.#peer(each.peer);
        const transactionList = Array.from({ length: each.count }, () => new Uint8Array(3));
        for (let requestId = 1; requestId <= this.#lastRequest; requestId += 1) {
          peer.receive({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList }, server.nowMs);
        }
        break;
      }
      case 'answer': {
        const [check] = this.checks.splice(each.pick % Math.max(1, this.checks.length), 1);
        if (check !== undefined) server.declarations.checked(check, this.#result(each.result), server.nowMs);
        break;
      }
      case 'tip':
        this.#height += each.by;
        server.setTip(this.#height, new Uint8Array(32).fill(each.side));
        break;
      case 'pass':
        server.pass(each.ms);
        break;
      case 'leave':
        this.#leave(each.peer);
        break;
      default:
        each satisfies never;
    }
    for (const effect of server.declarations.drain()) this.#note(effect);
  }

  finish(): void {
    while (this.checks.length > 0) this.play({ do: 'answer', pick: 0, result: 0 });
    this.play({ do: 'pass', ms: 70_000 });
    while (this.checks.length > 0) this.play({ do: 'answer', pick: 0, result: 0 });
    for (const id of [...this.peers.keys()]) this.#leave(id);
    this.#height += 10;
    this.play({ do: 'tip', by: 0, side: 255 });
  }

  #note(effect: DeclarationEffect): void {
    if (effect.kind === 'check') this.checks.push(effect.check);
    if (effect.kind === 'cancel') expect(this.checks).toContain(effect.check);
    if (effect.kind === 'release') expect(this.handles.delete(effect.handle)).toBe(true);
    if (effect.kind !== 'send') return;
    const { message, peer } = effect;
    if (message.type === 'DeclareMiningJobSuccess' || message.type === 'DeclareMiningJobError') {
      expect(this.open.delete(`${peer}:${message.requestId}`)).toBe(true);
    }
  }

  #result(which: number): CheckResult {
    const results: (() => CheckResult)[] = [
      () => ({ kind: 'stale' }),
      () => ({ kind: 'missing', positions: [1] }),
      () => ({ kind: 'invalid', reason: 'bad-txns' }),
      () => ({ kind: 'unavailable', reason: 'away' }),
      () => ({ kind: 'duplicate', position: 1 }),
    ];
    const made = results[which];
    if (made !== undefined) return made();
    this.#lastHandle += 1;
    this.handles.add(this.#lastHandle);
    return valid(this.#lastHandle, { height: this.#height + 1 });
  }

  #peer(id: number): DeclarationPeer {
    const peer = this.peers.get(id) ?? this.server.connect(id);
    this.peers.set(id, peer);
    return peer;
  }

  #token(peer: DeclarationPeer): Uint8Array {
    for (const effect of this.server.declarations.drain()) this.#note(effect);
    return this.server.token(peer);
  }

  #guard(peer: DeclarationPeer, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#leave(peer.id);
    }
  }

  #leave(id: number): void {
    for (const effect of this.server.declarations.drain()) this.#note(effect);
    this.server.declarations.disconnect(id);
    this.peers.delete(id);
    for (const key of [...this.open]) if (key.startsWith(`${id}:`)) this.open.delete(key);
  }
}

test('every declaration is answered once, every valid block is let go once, and nothing is left over (§6.4.4)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const account = new Account();
      for (const each of steps) account.play(each);
      account.finish();
      expect([...account.open]).toEqual([]);
      expect([...account.handles]).toEqual([]);
      expect(account.server.declarations.view()).toMatchObject({ pending: 0, jobs: 0, jobBytes: 0, liveTokens: 0 });
    }),
    { numRuns: 300 },
  );
});
