import { RpcError } from '@sv2kit/bitcoin-node';
import { EXCLUDED } from '../template/choices.ts';
import { type Payment, planPayments, type Random, SMALLEST_COIN } from './payment-plan.ts';
import { ANYBODYS, type Coin, type Side } from './payment-transaction.ts';
import { fields, number, text } from './status.ts';

/** A bitcoind of the stack. */
export interface PaymentNode {
  /** Of its best chain, when it was last asked for. */
  readonly height: number;
  /** @throws RpcError */
  call(method: string, params?: readonly unknown[]): Promise<unknown>;
}

/** The pool's node, and the miner's where there is one. */
export type PaymentNodes = Readonly<{ pool: PaymentNode; miner?: PaymentNode }>;

export interface PaymentOptions {
  readonly random: Random;
  /** Called with words for a person, once, when nothing can be paid yet. */
  readonly tell: (text: string) => void;
}

const STEP_MS = 1_000;
/** In a mempool, of whomever. */
const MOST_TRANSACTIONS = 150;
/** Kept in mind; there are more in the chain. */
const MOST_COINS = 200;
/** A reward may be spent in the block that is so far above it. */
const MATURITY = 100;
/** Rewards that are looked for in a chain that was there before. */
const LOOK_BACK = 20;
/** Leaves some that may be spent at once. */
const FIRST_HEIGHT = 120;
/** Of the node, in one call. */
const TRIES = 1_000_000;
/** For so many blocks a payment is held back. */
const HELD_BLOCKS = 4;
const BTC = 100_000_000;

const NOTICE =
  'blocks have no transactions yet: payments begin within 100 blocks, when the first of their rewards may be spent';

interface HeldBack {
  readonly payment: Payment;
  readonly untilHeight: number;
}

/**
 * Mines the blocks of a new regtest chain by whose rewards payments can begin.
 *
 * @throws RpcError
 */
export async function mineRewards(node: PaymentNode): Promise<void> {
  const missing = FIRST_HEIGHT - node.height;
  if (missing <= 0) return;
  await node.call('generatetodescriptor', [missing, `raw(${hex(ANYBODYS.pool)})`, TRIES]);
}

/**
 * Keeps the mempools of the stack's nodes alive. It spends the rewards of the stack's own blocks, which anybody may
 * spend, through either node; some payments one node keeps out of its templates for a while, so that those differ. What
 * a node refuses is forgotten, and a node that is away is left alone.
 */
export class Payments {
  readonly #nodes: ReadonlyMap<Side, PaymentNode>;
  readonly #pool: PaymentNode;
  readonly #options: PaymentOptions;
  /** May be spent now, the oldest first. */
  #coins: Coin[] = [];
  #heldBack: HeldBack[] = [];
  /** Whose reward is the next to be looked for. */
  #nextReward = 1;
  #dueMs = 0;
  #isBegun = false;

  constructor({ pool, miner }: PaymentNodes, options: PaymentOptions) {
    this.#pool = pool;
    this.#nodes = new Map<Side, PaymentNode>([
      ['pool', pool],
      ...(miner === undefined ? [] : [['miner', miner] as const]),
    ]);
    this.#options = options;
  }

  /** To be called again and again; does something once a second. @param nowMs of the monotonic clock */
  async step(nowMs: number): Promise<void> {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + STEP_MS;
    try {
      if (!this.#isBegun) await this.#begin();
      await this.#collect();
      await this.#release();
      await this.#pay();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  /** What an earlier run has held back is left to its fee again. */
  async #begin(): Promise<void> {
    for (const node of this.#nodes.values()) {
      const choices = Object.entries(fields(await node.call('getprioritisedtransactions')));
      for (const [txid, choice] of choices) {
        if (number(fields(choice), 'fee_delta') === Number(EXCLUDED)) await letGo(node, txid);
      }
    }
    await this.#collect();
    this.#isBegun = true;
    if (this.#coins.length === 0) this.#options.tell(NOTICE);
  }

  /** The rewards that can be spent since the last time. */
  async #collect(): Promise<void> {
    const last = this.#pool.height + 1 - MATURITY;
    for (let height = Math.max(this.#nextReward, last - LOOK_BACK + 1, 1); height <= last; height += 1) {
      const block = fields(await this.#pool.call('getblock', [await this.#pool.call('getblockhash', [height]), 1]));
      const [txid]: readonly unknown[] = Array.isArray(block['tx']) ? block['tx'] : [];
      if (typeof txid === 'string') this.#keep(await this.#reward(txid));
      this.#nextReward = height + 1;
    }
  }

  /** What anybody may spend of a coinbase, if nobody has. */
  async #reward(txid: string): Promise<Coin[]> {
    const coins: Coin[] = [];
    for (const index of [0, 1]) {
      const output = fields(await this.#pool.call('gettxout', [txid, index, true]));
      const script = text(fields(output['scriptPubKey']), 'hex');
      const side = (['pool', 'miner'] as const).find((each) => hex(ANYBODYS[each]) === script);
      const value = BigInt(Math.round(number(output, 'value') * BTC));
      if (side !== undefined) coins.push({ txid, index, value, side });
    }
    return coins;
  }

  /** Those that were held back for long enough. */
  async #release(): Promise<void> {
    const due = this.#heldBack.filter(({ untilHeight }) => untilHeight <= this.#pool.height);
    this.#heldBack = this.#heldBack.filter((held) => !due.includes(held));
    for (const { payment } of due) {
      const node = this.#nodes.get(payment.to);
      if (node !== undefined) await letGo(node, payment.txid);
      this.#keep(payment.change);
    }
  }

  async #pay(): Promise<void> {
    const mempools = await Promise.all(Array.from(this.#nodes.values(), (node) => node.call('getmempoolinfo')));
    const room = MOST_TRANSACTIONS - Math.max(...mempools.map((mempool) => number(fields(mempool), 'size')));
    const payments = planPayments(this.#coins, room, [...this.#nodes.keys()], this.#options.random);
    const spent = new Set(payments.flatMap(({ spends }) => spends));
    this.#coins = this.#coins.filter((coin) => !spent.has(coin));
    for (const payment of payments) {
      const taker = await this.#send(payment);
      if (taker === undefined) continue;
      if (payment.isHeldBack && taker === payment.to) await this.#holdBack(payment);
      else this.#keep(payment.change);
    }
  }

  /** Who has taken it: the other one, if it is refused by whom it is meant for, who may not know yet what it spends. */
  async #send({ to, hex: bytes }: Payment): Promise<Side | undefined> {
    for (const side of [to, ...[...this.#nodes.keys()].filter((other) => other !== to)]) {
      try {
        await this.#nodes.get(side)?.call('sendrawtransaction', [bytes, 0]);
        return side;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
      }
    }
    return undefined;
  }

  async #holdBack(payment: Payment): Promise<void> {
    await this.#nodes.get(payment.to)?.call('prioritisetransaction', [payment.txid, 0, Number(EXCLUDED)]);
    this.#heldBack.push({ payment, untilHeight: this.#pool.height + HELD_BLOCKS });
  }

  #keep(coins: readonly Coin[]): void {
    const worth = coins.filter(({ value }) => value >= SMALLEST_COIN);
    this.#coins = [...this.#coins, ...worth].slice(-MOST_COINS);
  }
}

async function letGo(node: PaymentNode, txid: string): Promise<void> {
  // What a block holds already has no delta any more: one that is new would stay for ever.
  const choices = fields(await node.call('getprioritisedtransactions'));
  if (choices[txid] === undefined) return;
  await node.call('prioritisetransaction', [txid, 0, -Number(EXCLUDED)]);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
