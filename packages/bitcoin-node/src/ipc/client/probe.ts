import type { Capability } from '@sv2kit/capnp';
import { stillLoading } from './failures.ts';
import { makeMining, makeRpc } from './init-methods.ts';
import { IpcError, isIpcError } from './ipc-error.ts';
import { IPC_LIMITS } from './limits.ts';
import type { IpcLink } from './link.ts';
import { MiningMethods } from './mining-methods.ts';
import type { Generation } from './ordinals.ts';
import type { Feature } from './types.ts';
import { admitVersion30 } from './version-30.ts';

/** Which generation the node is of, found out by asking, and its mining interface. */
export async function openMining(
  link: IpcLink,
  init: Capability,
  thread: Capability,
): Promise<{ readonly generation: Generation; readonly mining: Capability }> {
  const make = async (generation: Generation): Promise<Capability> => {
    // The node's socket is there before its chain: the first answer is that it is loaded.
    const options = { timeoutMs: IPC_LIMITS.loadingTimeoutMs, late: stillLoading };
    const mining = await link.call(init, makeMining(generation, thread), options);
    if (mining !== undefined) return mining;
    const text = `the node at ${link.path} is stopping: start it again`;
    throw new IpcError('disconnected', text, { method: 'Init.makeMining', path: link.path });
  };
  try {
    return { generation: 31, mining: await make(31) };
  } catch (error) {
    if (!isIpcError(error, 'unimplemented')) throw error;
  }
  const mining = await make(30);
  await admitVersion30(link, mining, thread);
  return { generation: 30, mining };
}

interface Probed {
  readonly link: IpcLink;
  readonly init: Capability;
  readonly mining: Capability;
  readonly thread: Capability;
}

/** What the node has of what came within its generation. Each question is one that changes nothing at the node. */
export async function probeFeatures({ link, init, mining, thread }: Probed): Promise<ReadonlySet<Feature>> {
  const methods = new MiningMethods(31);
  const questions: Readonly<Record<Feature, () => Promise<unknown>>> = {
    // Without a thread to run it on, the block is not even looked at.
    submitBlock: () => link.call(mining, methods.submitBlock(undefined, new Uint8Array(0))),
    transactionsByWitnessId: () => link.call(mining, methods.getTransactionsByWitnessID(thread, [])),
    rpc: async () => (await link.call(init, makeRpc(thread)))?.release(),
  };
  const features = new Set<Feature>();
  const names = Object.keys(questions) as Feature[];
  await Promise.all(
    names.map(async (name) => {
      if (await has(questions[name])) features.add(name);
    }),
  );
  return features;
}

async function has(question: () => Promise<unknown>): Promise<boolean> {
  try {
    await question();
    return true;
  } catch (error) {
    if (isIpcError(error, 'unimplemented', 'too-new')) return false;
    if (isIpcError(error, 'failed')) return true;
    throw error;
  }
}
