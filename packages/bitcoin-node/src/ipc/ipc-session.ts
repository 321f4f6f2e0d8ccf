import type { Network } from '@sv2kit/bitcoin';
import type { Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { type CheckedChain, checkChain, type ExpectedChain, WrongChainError } from '../rpc/chain-check.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import type { Lane } from './client/lane.ts';
import type { MiningClient } from './client/mining-client.ts';

/** The difficulty of regtest, which no other chain has. */
const REGTEST_NBITS = 0x207f_ffff;

export interface SessionParts {
  readonly client: MiningClient;
  readonly expected: ExpectedChain;
  readonly log: Logger;
  /** Another way to ask the node what it says over JSON-RPC alone. */
  readonly rpc?: RpcCaller | undefined;
}

/** Threads of the node that everybody shares: what goes over one never waits for another. */
interface SharedLanes {
  /** Blocks and solutions. */
  readonly submit: Lane;
  /** Whole blocks of templates. */
  readonly blocks: Lane;
  /** Small questions. */
  readonly ask: Lane;
}

/** One connection to a node that is on the right chain, as far as the node can say. */
export class IpcSession {
  readonly client: MiningClient;
  readonly lanes: SharedLanes;
  /** The node's JSON-RPC, by whichever way there is. */
  readonly rpc: RpcCaller | undefined;
  readonly #expected: ExpectedChain;
  readonly #log: Logger;
  readonly #over = new AbortController();
  #network: Network | undefined;
  #isChecked: boolean;

  /**
   * Opens the lanes, and asks the node for its chain.
   *
   * @throws IpcError, WrongChainError
   */
  static async open(parts: SessionParts): Promise<IpcSession> {
    const { client } = parts;
    const [submit, blocks, ask] = await Promise.all([client.lane('submit'), client.lane('blocks'), client.lane('ask')]);
    const session = new IpcSession(parts, { submit, blocks, ask });
    await session.#check();
    return session;
  }

  private constructor({ client, expected, rpc, log }: SessionParts, lanes: SharedLanes) {
    this.client = client;
    this.lanes = lanes;
    if (client.offers('rpc')) this.rpc = overIpc(client, lanes.ask);
    else this.rpc = rpc === undefined ? undefined : inTime(rpc);
    this.#expected = expected;
    this.#log = log;
    this.#isChecked = expected.knownBlocks === undefined;
    void client.ended.then((error) => this.#over.abort(error));
  }

  /** Aborts when the connection is over; its reason is an IpcError. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Undefined where the node cannot tell one test chain from another, and nobody said which it should be. */
  get network(): Network | undefined {
    return this.#network;
  }

  /** Whether a whole block can be handed over on this connection. */
  get takesBlocks(): boolean {
    return this.client.offers('submitBlock') || this.client.offers('rpc');
  }

  /**
   * A template has this difficulty: regtest is told from the other test chains by it.
   *
   * @throws WrongChainError
   */
  sawDifficulty(nbits: number): void {
    const isRegtest = nbits === REGTEST_NBITS;
    this.#network ??= isRegtest ? 'regtest' : undefined;
    if (isRegtest === (this.#network === 'regtest')) return;
    const actual = isRegtest ? 'regtest' : 'another chain';
    throw new WrongChainError(`the node is on ${actual}, not on ${this.#network}`);
  }

  /**
   * There is another tip: known blocks that the chain was too short for may be there now.
   *
   * @throws WrongChainError
   */
  async recheck(): Promise<void> {
    if (this.#isChecked) return;
    const told = await this.#askRpc();
    this.#isChecked = told?.isComplete ?? false;
  }

  async #check(): Promise<void> {
    const told = await this.#askRpc();
    if (told !== undefined) {
      this.#network = told.chain;
      this.#isChecked = told.isComplete;
      return;
    }
    const { chain, knownBlocks } = this.#expected;
    const isTest = await this.client.isTestChain(this.lanes.ask);
    if (isTest && chain === 'mainnet') throw new WrongChainError('the node is on a test chain, not on mainnet');
    if (!isTest && chain !== undefined && chain !== 'mainnet') {
      throw new WrongChainError(`the node is on mainnet, not on ${chain}`);
    }
    this.#network = isTest ? chain : 'mainnet';
    if (knownBlocks === undefined || knownBlocks.length === 0) return;
    this.#log.warn(
      'the node cannot say over IPC whether its chain has the known blocks: give its RPC, or update it',
      {},
    );
  }

  /** What JSON-RPC says of the chain; nothing where it is not to be had. */
  async #askRpc(): Promise<CheckedChain | undefined> {
    if (this.rpc === undefined) return undefined;
    try {
      return await checkChain(this.rpc, this.#expected);
    } catch (error) {
      if (error instanceof WrongChainError || this.#over.signal.aborted) throw error;
      this.#log.debug('the chain cannot be asked for by RPC', {
        reason: error instanceof Error ? error.message : error,
      });
      return undefined;
    }
  }
}

/** JSON-RPC on a lane of one's own choice, where the node offers it. */
export function overIpc(client: MiningClient, lane: Lane): RpcCaller {
  return {
    call: (method, params = [], { timeoutMs } = {}) =>
      client.rpc(lane, method, params, typeof timeoutMs === 'number' ? { timeoutMs } : {}),
  };
}

/** What IPC lacks is not waited for as long as what only the RPC can give. */
function inTime(rpc: RpcCaller): RpcCaller {
  return { call: (method, params, options) => rpc.call(method, params, { ...options, timeoutMs: LIMITS.ipcGraceMs }) };
}
