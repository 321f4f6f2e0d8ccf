// A job declarator server without sockets, and what it wants done.
import type { DeclareMiningJob, JobDeclarationFromServer } from '@sv2kit/codec';
import {
  type CheckResult,
  type DeclarationEffect,
  type DeclarationLimits,
  type DeclarationPeer,
  Declarations,
  type JobMode,
} from '../src/index.ts';
import {
  ALICE,
  declareMessage,
  HEIGHT,
  KEY,
  MIN_NTIME,
  NBITS,
  NOW_MS,
  PATH,
  PREV_HASH,
  TERMS,
  VALUE,
} from './support.ts';

type Of<K extends DeclarationEffect['kind']> = Extract<DeclarationEffect, { kind: K }>;

export const valid = (handle = 1, overrides: Partial<Extract<CheckResult, { kind: 'valid' }>> = {}) =>
  ({
    kind: 'valid',
    handle,
    prevHash: PREV_HASH,
    nbits: NBITS,
    height: HEIGHT,
    minNtime: MIN_NTIME,
    merklePath: PATH,
    value: VALUE,
    ...overrides,
  }) as const;

export class Server {
  readonly declarations: Declarations;
  readonly effects: DeclarationEffect[] = [];
  nowMs = NOW_MS;

  constructor(limits: Partial<DeclarationLimits> = {}, tip: 'tip' | 'no-tip' = 'tip') {
    this.declarations = new Declarations({ ...TERMS, key: KEY, seed: new Uint8Array(16).fill(5), limits });
    if (tip === 'tip') this.setTip(HEIGHT - 1, PREV_HASH);
  }

  connect(id = 1, mode: JobMode = 'full-template'): DeclarationPeer {
    return this.declarations.connect(id, mode, this.nowMs);
  }

  setTip(height: number, hash: Uint8Array): void {
    this.declarations.setTip({ height, hash }, this.nowMs);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.declarations.tick(this.nowMs);
  }

  /** The effects of one kind since the last call for that kind. */
  take<K extends DeclarationEffect['kind']>(kind: K): Of<K>[] {
    this.effects.push(...this.declarations.drain());
    const taken = this.effects.filter((effect): effect is Of<K> => effect.kind === kind);
    const left = this.effects.filter((effect) => effect.kind !== kind);
    this.effects.splice(0, this.effects.length, ...left);
    return taken;
  }

  sent(): JobDeclarationFromServer[] {
    return this.take('send').map(({ message }) => message);
  }

  /** The codes or kinds of the latest answers, by request. */
  answers(): string[] {
    return this.sent().map((message) =>
      message.type === 'DeclareMiningJobError'
        ? [message.errorCode, new TextDecoder().decode(message.errorDetails)].filter((part) => part !== '').join(': ')
        : message.type,
    );
  }

  token(peer: DeclarationPeer, userIdentifier = ALICE): Uint8Array {
    peer.receive({ type: 'AllocateMiningJobToken', userIdentifier, requestId: 77 }, this.nowMs);
    const sends = this.take('send');
    const given = sends.find(({ message }) => message.type === 'AllocateMiningJobTokenSuccess');
    this.effects.unshift(...sends.filter((send) => send !== given));
    if (given?.message.type !== 'AllocateMiningJobTokenSuccess') throw new Error('no token was given');
    return given.message.miningJobToken;
  }

  /** Declares with a fresh token. @returns the check it leads to, if it does */
  declare(peer: DeclarationPeer, overrides: Parameters<typeof declareMessage>[1] = {}): number | undefined {
    return this.declareWith(peer, declareMessage(this.token(peer), overrides));
  }

  declareWith(peer: DeclarationPeer, message: DeclareMiningJob): number | undefined {
    peer.receive(message, this.nowMs);
    return this.take('check').at(-1)?.check;
  }

  checked(check: number | undefined, result: CheckResult): void {
    if (check === undefined) throw new Error('no check was asked for');
    this.declarations.checked(check, result, this.nowMs);
  }
}
