import { createRpcClient, RpcError, type RpcClient } from '@sv2kit/bitcoin-node';
import {
  type Bitcoind,
  type BitcoindBinary,
  type ObtainProgress,
  obtainBitcoind,
  type PrivateChain,
  startBitcoind,
} from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { reasonOf } from '../command.ts';
import type { BestChain } from './block-book.ts';
import type { RoleView } from './events.ts';
import { pause } from './interruption.ts';
import type { Layout } from './layout.ts';
import type { NodeLink } from './node-link.ts';
import type { StackOptions } from './options.ts';
import { fields, number } from './status.ts';
import { megabytes } from './wording.ts';

const OUT_OF_RANGE = -8;
const SYNC_POLL_MS = 100;
/** As full as the rules allow. The size is Knots' own limit, which Core does not know. */
const FULL_BLOCKS = ['-blockmaxweight=4000000'];
const FULL_BLOCKS_OF_KNOTS = ['-blockmaxsize=4000000'];

type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'installing'; readonly step: ObtainProgress }
  | { readonly kind: 'starting'; readonly version: string }
  | {
      readonly kind: 'running' | 'stopping';
      readonly node: Bitcoind;
      readonly client: RpcClient;
      readonly version: string;
    }
  | { readonly kind: 'ended'; readonly asked: boolean; readonly reason: string };

export interface NodePlace {
  readonly chain: PrivateChain;
  readonly layout: Layout;
  readonly peering: readonly string[];
  readonly link: NodeLink;
}

/** A bitcoind of the stack: found or downloaded, started, asked about its best chain, stopped. */
export class NodeRole implements BestChain {
  readonly name: string;
  readonly #onChange: () => void;
  #state: State = { kind: 'waiting' };
  #height = 0;

  constructor(name: string, onChange: () => void) {
    this.name = name;
    this.#onChange = onChange;
  }

  /** Of the best chain, when it was last asked for. */
  get height(): number {
    return this.#height;
  }

  view(): RoleView {
    const { name } = this;
    const state = this.#state;
    switch (state.kind) {
      case 'waiting':
        return { name, state: 'waiting', detail: '' };
      case 'installing':
        return { name, state: 'installing', ...describe(state.step) };
      case 'starting':
        return { name, state: 'starting', detail: state.version };
      case 'running':
      case 'stopping': {
        const { rpcUrl, ipcSocket } = state.node;
        const at = ipcSocket === undefined ? rpcUrl : `${rpcUrl}, ${ipcSocket}`;
        const detail = `${state.version}, height ${this.#height}, ${at}`;
        return { name, state: state.kind === 'running' ? 'ok' : 'stopping', detail };
      }
      case 'ended':
        if (state.asked) return { name, state: 'stopped', detail: '' };
        return { name, state: 'failed', reason: state.reason, detail: '' };
      default:
        return state satisfies never;
    }
  }

  /**
   * waiting -> installing: the program is there, downloaded if need be.
   *
   * @throws BitcoindError
   */
  async obtain({ bitcoind }: StackOptions, { cache }: Layout, signal: AbortSignal): Promise<BitcoindBinary> {
    const progress = (step: ObtainProgress): void => this.#to({ kind: 'installing', step });
    return await this.#try(signal, () => obtainBitcoind({ cacheDir: cache, explicit: bitcoind, progress, signal }));
  }

  /**
   * waiting or installing -> starting -> running
   *
   * @param peering options that say whom it knows
   * @throws BitcoindError
   */
  async start(
    binary: BitcoindBinary,
    { chain, layout, peering, link }: NodePlace,
    signal: AbortSignal,
  ): Promise<Bitcoind> {
    const version = binary.version.replace(/ (daemon )?version /, ' ');
    this.#to({ kind: 'starting', version });
    const isKnots = /knots/i.test(binary.version);
    const extraArgs = [...FULL_BLOCKS, ...(isKnots ? FULL_BLOCKS_OF_KNOTS : []), ...peering];
    const dataDir = layout.data(this.name);
    return await this.#try(signal, async () => {
      // One that may be without ZMQ is spoken to over IPC.
      const how = link === 'rpc' ? { zmq: true } : { ipc: true };
      const node = await startBitcoind({ binary, chain, dataDir, ...how, extraArgs, signal });
      const credentials = { cookieFile: node.cookieFile };
      const client = createRpcClient({ url: node.rpcUrl, credentials, clock: systemClock });
      this.#height = Number(await client.call('getblockcount'));
      this.#to({ kind: 'running', node, client, version });
      void node.ended.then(() => this.#onEnd(`it ended: see ${node.dataDir}/${chain}/debug.log`));
      return node;
    });
  }

  /**
   * Makes another its peer for good, and waits until both have the same best chain.
   *
   * @param peer `host:port`
   * @throws RpcError
   */
  async join(other: NodeRole, peer: string, signal: AbortSignal): Promise<void> {
    // At once, and again whenever it is lost.
    for (const how of ['onetry', 'add']) await this.call('addnode', [peer, how]);
    while (!signal.aborted) {
      const peers = await this.call('getconnectioncount');
      const tips = await Promise.all([this, other].map((node) => node.call('getbestblockhash')));
      if (peers !== 0 && tips[0] === tips[1]) return;
      await pause(SYNC_POLL_MS, signal);
    }
  }

  /** @throws RpcError, also when it does not run */
  async call(method: string, params: readonly unknown[] = []): Promise<unknown> {
    return await this.#client().call(method, params);
  }

  /** @throws RpcError */
  async difficulty(): Promise<number> {
    return number(fields(await this.call('getmininginfo')), 'difficulty');
  }

  /** Asks for the best chain's height. Keeps the last answer when there is none. */
  async poll(): Promise<void> {
    if (this.#state.kind !== 'running') return;
    try {
      const height = await this.call('getblockcount');
      if (typeof height !== 'number' || height === this.#height) return;
      this.#height = height;
      this.#onChange();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  async hashAt(height: number): Promise<string | undefined> {
    try {
      const hash = await this.call('getblockhash', [height]);
      return typeof hash === 'string' ? hash : undefined;
    } catch (error) {
      if (error instanceof RpcError && error.details.rpcCode === OUT_OF_RANGE) return undefined;
      throw error;
    }
  }

  /** running -> stopping -> ended */
  async stop(): Promise<void> {
    if (this.#state.kind !== 'running') return;
    const { node, client } = this.#state;
    this.#to({ ...this.#state, kind: 'stopping' });
    client.close();
    await node.stop();
  }

  /** At once. */
  async kill(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'running' && state.kind !== 'stopping') return;
    if (state.kind === 'running') this.#to({ ...state, kind: 'stopping' });
    state.client.close();
    await state.node.kill();
  }

  async #try<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#to({ kind: 'ended', asked: signal.aborted, reason: reasonOf(error) });
      throw error;
    }
  }

  #client(): RpcClient {
    if (this.#state.kind !== 'running') throw new RpcError('unreachable', 'bitcoind does not run');
    return this.#state.client;
  }

  #onEnd(reason: string): void {
    const asked = this.#state.kind === 'stopping';
    this.#to({ kind: 'ended', asked, reason });
  }

  #to(state: State): void {
    this.#state = state;
    this.#onChange();
  }
}

function describe({ text, bytes }: ObtainProgress): Pick<RoleView, 'detail' | 'progress'> {
  return { detail: text, ...(bytes === undefined ? {} : { progress: megabytes(bytes) }) };
}
