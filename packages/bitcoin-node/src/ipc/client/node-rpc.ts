import type { Capability } from '@sv2kit/capnp';
import { resultOf } from '../../rpc/answer.ts';
import { executeRpc, makeRpc } from './init-methods.ts';
import { type Introduction, madeBy } from './introduction.ts';
import type { Lane } from './lane.ts';

/** The node's JSON-RPC, over its socket. */
export class NodeRpc {
  readonly #node: Introduction;
  #rpc: Promise<Capability> | undefined;

  constructor(node: Introduction) {
    this.#node = node;
  }

  async call(lane: Lane, method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const rpc = await this.#interface(lane);
    const call = executeRpc(lane.thread, request);
    return resultOf(method, await lane.run(() => this.#node.link.call(rpc, call, { timeoutMs })));
  }

  /** Made once; a failure is not kept. */
  #interface(lane: Lane): Promise<Capability> {
    if (this.#rpc !== undefined) return this.#rpc;
    const made = madeBy(this.#node.link, this.#node.init, makeRpc(lane.thread));
    this.#rpc = made;
    made.catch(() => {
      this.#rpc = undefined;
    });
    return made;
  }
}
