import { NO_IPC_NODE } from '@sv2kit/bitcoind';
import { ipcNode, Lab, type MadeTransaction, makeTransactions, sendTransactions } from '@sv2kit/regtest';
import { TIMES_IN_LOG } from './node-log.ts';

/** Blocks until the first rewards can be spent. */
const MATURE = 110;

/** A node that is spoken to over IPC and over RPC, with a mempool. */
export class NodeScene implements AsyncDisposable {
  readonly lab: Lab;
  /** That no mempool knows, parents before children. */
  readonly fresh: MadeTransaction[];

  /** @param fresh - transactions to be had beside those of the mempool. Ends the bench where there is no such node. */
  static async open({ transactions, fresh }: { transactions: number; fresh: number }): Promise<NodeScene> {
    if (ipcNode === undefined) {
      console.error(`bench: ${NO_IPC_NODE}`);
      process.exit(2);
    }
    const lab = await Lab.open('regtest', { backEnd: 'ipc+rpc', nodeArgs: TIMES_IN_LOG });
    try {
      await lab.node.mine(MATURE);
      const made = await makeTransactions(lab.node, transactions + fresh);
      await sendTransactions(made.slice(0, transactions), lab.node);
      return new NodeScene(lab, made.slice(transactions));
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(lab: Lab, fresh: MadeTransaction[]) {
    this.lab = lab;
    this.fresh = fresh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}
