import type { Capability, Method } from '@sv2kit/capnp';
import { context, takeFirst } from './method.ts';
import { type Generation, INIT, INTERFACE, RPC, THREAD_MAP } from './ordinals.ts';

type MakesCapability = Method<Capability | undefined>;

/**
 * The way to the node's ThreadMap. Its parameter, a ThreadMap of ours, stays null: the node would need it to call us
 * back, which the mining interface never does.
 */
export const construct: MakesCapability = {
  name: 'Init.construct',
  interfaceId: INTERFACE.init,
  id: INIT.construct,
  pointers: 1,
  results: takeFirst,
};

/** A thread of the node; its name shows in the node's log. */
export function makeThread(name: string): MakesCapability {
  return {
    name: 'ThreadMap.makeThread',
    interfaceId: INTERFACE.threadMap,
    id: THREAD_MAP.makeThread,
    pointers: 1,
    params: (params) => params.text(0, name),
    results: takeFirst,
  };
}

/** Null while the node stops. */
export function makeMining(generation: Generation, thread: Capability): MakesCapability {
  return {
    name: 'Init.makeMining',
    interfaceId: INTERFACE.init,
    id: INIT.makeMining[generation],
    pointers: 1,
    params: (params) => context(params, thread),
    results: takeFirst,
  };
}

export function makeRpc(thread: Capability): MakesCapability {
  return {
    name: 'Init.makeRpc',
    interfaceId: INTERFACE.init,
    id: INIT.makeRpc,
    pointers: 1,
    params: (params) => context(params, thread),
    results: takeFirst,
  };
}

/** @param request JSON-RPC; the answer too, in UTF-8 */
export function executeRpc(thread: Capability, request: string): Method<Uint8Array> {
  return {
    name: 'Rpc.executeRpc',
    interfaceId: INTERFACE.rpc,
    id: RPC.executeRpc,
    pointers: 4,
    params: (params) => {
      context(params, thread);
      params.text(1, request);
      params.text(2, '/');
      params.text(3, '');
    },
    // A text ends with a byte that is not part of it.
    results: (results) => results.data(0).subarray(0, -1),
  };
}
