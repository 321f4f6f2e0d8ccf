import type { Capability, Method, RpcConnection, StructBuilder } from '../src/index.ts';

/** Calls in an order of their own. @returns what they found out */
type Conversation = (connection: RpcConnection, quiet: () => Promise<void>) => Promise<unknown>;

const INIT = 0x8838c700ba5cba65n;
const THREAD_MAP = 0xee5e37179ad9dc9dn;
const MINING = 0xf9c68436df3af39en;
const RPC = 0xacb1d37f0a713129n;

/** Long enough that the node needs a second segment for its answer. */
const ECHO_LENGTH = 9_000;

/** With a Bitcoin node that offers makeRpc. The results of the last call are not taken. */
async function talkToNode(connection: RpcConnection): Promise<unknown> {
  const init = await connection.bootstrap();
  const get = async (target: Capability, interfaceId: bigint, id: number, params?: (params: StructBuilder) => void) => {
    const method: Method<Capability | undefined> = {
      name: `@${id}`,
      interfaceId,
      id,
      pointers: 1,
      ...(params === undefined ? {} : { params }),
      results: (results, take) => take(results.capability(0)),
    };
    const capability = await connection.call(target, method);
    if (capability === undefined) throw new Error(`method ${id} gave nothing`);
    return capability;
  };
  const threads = await get(init, INIT, 0);
  const thread = await get(threads, THREAD_MAP, 0, (params) => params.text(0, 'recorded'));
  const context = (params: StructBuilder): void => params.struct(0, 0, 2).capability(0, thread);
  const rpc = await get(init, INIT, 4, context);
  const mining = await get(init, INIT, 3, context);

  const echoed = await connection.call(rpc, {
    name: 'executeRpc',
    interfaceId: RPC,
    id: 0,
    pointers: 4,
    params: (params) => {
      context(params);
      params.text(1, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo', params: ['x'.repeat(ECHO_LENGTH)] }));
      params.text(2, '/');
      params.text(3, '');
    },
    results: (results) => results.text(0).length,
  });
  const testChain = await connection.call(mining, {
    name: 'isTestChain',
    interfaceId: MINING,
    id: 0,
    pointers: 1,
    params: context,
    results: (results) => results.bool(0),
  });
  const unknown = connection.call(mining, { name: 'unknown', interfaceId: MINING, id: 99, results: () => undefined });
  const unknownMethod: unknown = await unknown.catch((error: unknown) => error);
  for (const capability of [mining, rpc, thread, threads]) capability.release();
  await connection.call(init, { name: 'again', interfaceId: INIT, id: 0, pointers: 1, results: () => undefined });
  init.release();
  return { echoed: echoed > ECHO_LENGTH, testChain, unknownMethod };
}

const PROBE = 0xd1d2d3d4d5d6d7d8n;

/** With vectors/probe.py: results that need no Finish, and a capability that is a promise until a Resolve comes. */
async function talkToProbe(connection: RpcConnection, quiet: () => Promise<void>): Promise<unknown> {
  const main = await connection.bootstrap();
  const echo = (target: Capability, text: string) =>
    connection.call(target, {
      name: 'echo',
      interfaceId: PROBE,
      id: 0,
      pointers: 1,
      params: (params) => params.text(0, text),
      results: (results) => results.text(0),
    });
  const promised = await connection.call(main, {
    name: 'promised',
    interfaceId: PROBE,
    id: 1,
    results: (results, take) => take(results.capability(0)),
  });
  if (promised === undefined) throw new Error('nothing was promised');
  const early = await echo(promised, 'before it is resolved');
  await quiet();
  const late = await echo(promised, 'after it is resolved');
  promised.release();
  await quiet();
  const alive = await connection.call(main, {
    name: 'alive',
    interfaceId: PROBE,
    id: 2,
    results: (results) => results.u32(0),
  });
  main.release();
  return { early, late, alive };
}

/**
 * The same calls in the same order, with a peer and with what was recorded of it. `quiet` resolves when the peer has
 * said what it says by itself.
 */
export const conversations: Readonly<Record<'node' | 'probe', Conversation>> = {
  node: talkToNode,
  probe: talkToProbe,
};
