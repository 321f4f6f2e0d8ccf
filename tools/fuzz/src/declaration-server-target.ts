// A job declarator server under strangers: whatever they say, and whatever its node answers.
import { buildCoinbase, heightPush, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import {
  AllocateMiningJobToken,
  DeclareMiningJob,
  type JobDeclarationFromClient,
  ProtocolError,
  ProvideMissingTransactionsSuccess,
  PushSolution,
  type Random,
  sampleMessage,
} from '@sv2kit/codec';
import {
  type CheckResult,
  type DeclarationEffect,
  type DeclarationPeer,
  Declarations,
  TOKEN_KEY_SIZE,
} from '@sv2kit/declaration';
import { bytes, integer, mutate } from './random.ts';
import type { Target } from './target.ts';

const PAYOUT_SCRIPT = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(0x11));
const NBITS = 0x207fffff;
const HEIGHT = 300;
const EXTRANONCE_SIZE = 20;
const VALUE = 1_250_000_000n;
const PEERS = 2;
const STEPS = 40;

const terms = { payoutScript: PAYOUT_SCRIPT, requiredOutputs: [], leastPayoutShare: 0.5 };
const tipHash = (height: number): Uint8Array => new Uint8Array(32).fill(height);

/** What goes on around a server, and what it must not lose count of. */
class Surroundings {
  readonly server: Declarations;
  readonly #random: Random;
  readonly #tokens: Uint8Array[] = [];
  readonly #checks: number[] = [];
  readonly #handles = new Set<number>();
  readonly #gone = new Set<number>();
  readonly #receivers = new Map<number, DeclarationPeer>();
  #requestId = 0;
  #handle = 0;
  #height = HEIGHT;
  #nowMs = 0;

  constructor(random: Random) {
    this.#random = random;
    this.server = new Declarations({ ...terms, key: new Uint8Array(TOKEN_KEY_SIZE), seed: bytes(random, 16) });
    this.server.setTip({ hash: tipHash(HEIGHT), height: HEIGHT }, 0);
    for (let id = 0; id < PEERS; id += 1) {
      const mode = random() < 0.8 ? 'full-template' : 'coinbase-only';
      this.#receivers.set(id, this.server.connect(id, mode, 0));
    }
  }

  step(): void {
    this.#nowMs += integer(this.#random, 3) * integer(this.#random, 4_000);
    const event = this.#random();
    if (event < 0.7) this.#say(integer(this.#random, PEERS));
    else if (event < 0.9) this.#answer();
    else if (event < 0.95) this.#moveTip();
    else this.server.tick(this.#nowMs);
    this.#act();
  }

  /** Everybody leaves and every question is answered: what was lent is back. */
  end(): void {
    for (const id of this.#receivers.keys()) if (!this.#gone.has(id)) this.server.disconnect(id);
    while (this.#checks.length > 0) this.#answer();
    this.#act();
    const { pending, liveTokens, jobs } = this.server.view();
    if (pending !== 0 || liveTokens !== 0) throw new Error(`${pending} declarations and ${liveTokens} tokens are left`);
    if (jobs !== this.#handles.size) throw new Error(`${jobs} jobs hold ${this.#handles.size} blocks of the node`);
  }

  #say(id: number): void {
    if (this.#gone.has(id)) return;
    try {
      this.#receivers.get(id)?.receive(this.#message(), this.#nowMs);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#gone.add(id);
      this.server.disconnect(id);
    }
  }

  #message(): JobDeclarationFromClient {
    const random = this.#random;
    const known = { requestId: 1 + integer(random, this.#requestId + 2) };
    switch (integer(random, 5)) {
      case 0:
        return sampleMessage(AllocateMiningJobToken, random);
      case 1:
        return { ...sampleMessage(ProvideMissingTransactionsSuccess, random), ...known };
      case 2:
        return { ...sampleMessage(PushSolution, random), nbits: NBITS, extranonce: bytes(random, EXTRANONCE_SIZE) };
      case 3:
        return { ...sampleMessage(DeclareMiningJob, random), ...known };
      default:
        return this.#declaration();
    }
  }

  /** Honest, or but for one field. */
  #declaration(): DeclareMiningJob {
    const random = this.#random;
    this.#requestId += 1;
    const height = this.#height + (random() < 0.8 ? 1 : integer(random, 4));
    const { segwitPrefix, segwitSuffix } = buildCoinbase({
      txVersion: 2,
      scriptSigPrefix: heightPush(height),
      extranonceSize: EXTRANONCE_SIZE,
      sequence: 0xffff_fffe,
      outputs: [{ value: VALUE, script: PAYOUT_SCRIPT }, witnessCommitmentOutput([])],
      locktime: height - 1,
      segwit: true,
    });
    const damaged = (half: Uint8Array): Uint8Array => (random() < 0.1 ? mutate(random, half) : half);
    return {
      type: 'DeclareMiningJob',
      requestId: this.#requestId,
      miningJobToken: this.#tokens.splice(integer(random, this.#tokens.length), 1)[0] ?? bytes(random, 20),
      version: 0x2000_0000,
      coinbaseTxPrefix: damaged(segwitPrefix),
      coinbaseTxSuffix: damaged(segwitSuffix),
      wtxidList: Array.from({ length: integer(random, 4) }, () => bytes(random, 32)),
      excessData: bytes(random, integer(random, 8)),
    };
  }

  /** The node, in any order. */
  #answer(): void {
    const [check] = this.#checks.splice(integer(this.#random, this.#checks.length), 1);
    if (check !== undefined) this.server.checked(check, this.#result(), this.#nowMs);
    this.#act();
  }

  #result(): CheckResult {
    const random = this.#random;
    if (random() < 0.5) return this.#valid();
    const results: readonly CheckResult[] = [
      { kind: 'missing', positions: [0] },
      { kind: 'duplicate', position: 1 },
      { kind: 'wrong-transaction', position: 0 },
      { kind: 'invalid', reason: 'bad-blk-sigops' },
      { kind: 'stale' },
      { kind: 'unavailable', reason: 'gone' },
    ];
    return results[integer(random, results.length)] ?? { kind: 'stale' };
  }

  #valid(): CheckResult {
    this.#handle += 1;
    this.#handles.add(this.#handle);
    const height = this.#height + 1;
    const tip = { prevHash: tipHash(this.#height), nbits: NBITS, height, minNtime: 1 };
    return { kind: 'valid', handle: this.#handle, ...tip, merklePath: [], value: VALUE };
  }

  #moveTip(): void {
    this.#height += 1;
    const tip = { hash: tipHash(this.#height), height: this.#height };
    this.server.setTip(this.#random() < 0.2 ? undefined : tip, this.#nowMs);
  }

  #act(): void {
    for (const effect of this.server.drain()) this.#do(effect);
  }

  #do(effect: DeclarationEffect): void {
    switch (effect.kind) {
      case 'send':
        if (effect.message.type === 'AllocateMiningJobTokenSuccess') this.#tokens.push(effect.message.miningJobToken);
        return;
      case 'check':
        this.#checks.push(effect.check);
        return;
      case 'release':
        if (!this.#handles.delete(effect.handle)) throw new Error('a block is released twice, or was never lent');
        return;
      case 'cancel':
      case 'submit':
      case 'report':
        return;
      default:
        effect satisfies never;
    }
  }
}

/** Any order of messages, answers, tips and departures: only a peer's own errors, and nothing is left behind. */
export const declarationServerTarget: Target = (random) => {
  const surroundings = new Surroundings(random);
  for (let i = 0; i < STEPS; i += 1) surroundings.step();
  surroundings.end();
};
