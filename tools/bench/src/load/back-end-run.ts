import { setTimeout as sleep } from 'node:timers/promises';
import { type MadeTransaction, sendTransactions, type TestNode, usageOf } from '@sv2kit/regtest';
import { type NodeTimes, nodeTimes } from './node-log.ts';
import type { PlacedProcess } from './placed-process.ts';
import type { TemplateClients } from './template-clients.ts';

/** For what a tip or a transaction has stirred up to settle. */
const PAUSE_MS = 500;
/** A node that looks for fees does so once a second: where in it a transaction comes is chance. */
const FEE_PERIOD_MS = 1_000;

/** One tip; times in unix milliseconds. */
export interface TipRun {
  readonly submitted: number;
  readonly node: NodeTimes;
  /** SetNewPrevHash was at the client. */
  readonly tipAtClient: number;
  /** The first template with transactions was. */
  readonly templateAtClient: number;
}

/** Processor time in milliseconds. */
export interface Cpu {
  readonly node: number;
  readonly provider: number;
}

const unixNow = (): number => performance.timeOrigin + performance.now();
const unix = (now: number): number => performance.timeOrigin + now;

/** A node, a template provider on it, and a client of that: what is done to them, and what it takes. */
export class BackEndRun {
  readonly #node: TestNode;
  readonly #provider: PlacedProcess;
  readonly #clients: TemplateClients;

  constructor(node: TestNode, provider: PlacedProcess, clients: TemplateClients) {
    this.#node = node;
    this.#provider = provider;
    this.#clients = clients;
  }

  /** Empty blocks, so that the mempool stays as it is. */
  async tips(count: number): Promise<TipRun[]> {
    const seen: (Omit<TipRun, 'node'> & { readonly hash: string })[] = [];
    for (let tip = 0; tip < count; tip += 1) {
      const block = await this.#node.prepareBlock();
      await sleep(PAUSE_MS);
      const arriving = this.#clients.nextTip();
      const submitted = unixNow();
      const taken = this.#node.call('submitblock', block);
      const { tip: tipAt, full } = await arriving;
      await taken;
      const hash = await this.#node.bestHash();
      seen.push({ hash, submitted, tipAtClient: unix(tipAt.last), templateAtClient: unix(full.last) });
    }
    const times = await nodeTimes(this.#node);
    return seen.map(({ hash, ...rest }) => {
      const node = times.get(hash);
      if (node === undefined) throw new Error(`the node has not logged a template on ${hash}`);
      return { ...rest, node };
    });
  }

  /** From a transaction that is sent to the node to a template at the client, in milliseconds. */
  async fees(transactions: readonly MadeTransaction[]): Promise<number[]> {
    const waited: number[] = [];
    for (const transaction of transactions) {
      await sleep(PAUSE_MS + Math.random() * FEE_PERIOD_MS);
      const arriving = this.#clients.nextUpdate();
      const start = performance.now();
      await sendTransactions([transaction], this.#node);
      waited.push((await arriving).last - start);
    }
    return waited;
  }

  /** What an act takes of the processor. */
  async cpu<T>(act: () => Promise<T>): Promise<Cpu & { readonly result: T }> {
    const before = await usageOf(this.#node.pid);
    await this.#provider.begin();
    const result = await act();
    const { cpuSeconds } = await this.#provider.usage();
    const after = await usageOf(this.#node.pid);
    return { result, node: (after.cpuSeconds - before.cpuSeconds) * 1000, provider: cpuSeconds * 1000 };
  }
}
