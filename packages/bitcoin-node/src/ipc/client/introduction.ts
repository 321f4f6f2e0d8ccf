import type { Capability, Method } from '@sv2kit/capnp';
import { construct, makeThread } from './init-methods.ts';
import { IpcError } from './ipc-error.ts';
import type { IpcLink } from './link.ts';
import type { Generation } from './ordinals.ts';
import { openMining, probeFeatures } from './probe.ts';
import type { Feature } from './types.ts';

/** What a connection knows of its node, and holds of it as long as it lasts. */
export interface Introduction {
  readonly link: IpcLink;
  readonly name: string;
  readonly init: Capability;
  readonly threadMap: Capability;
  readonly mining: Capability;
  readonly generation: Generation;
  readonly features: ReadonlySet<Feature>;
}

/**
 * Gets from the node's main interface to its mining interface, and finds out what the node can do.
 *
 * @param name what the node's log shall call our threads
 */
export async function introduce(link: IpcLink, name: string): Promise<Introduction> {
  const { init, threadMap } = await link.greet(async (init, call) => {
    const threadMap = await call(construct);
    if (threadMap === undefined) throw noThreads(link.path);
    return { init, threadMap };
  });
  const thread = await madeBy(link, threadMap, makeThread(`${name} setup`));
  const { generation, mining } = await openMining(link, init, thread);
  const features = generation === 30 ? new Set<Feature>() : await probeFeatures({ link, init, mining, thread });
  thread.release();
  return { link, name, init, threadMap, mining, generation, features };
}

/** A capability that a node never answers null for. */
export async function madeBy(
  link: IpcLink,
  target: Capability,
  method: Method<Capability | undefined>,
): Promise<Capability> {
  const made = await link.call(target, method);
  if (made !== undefined) return made;
  const text = `${method.name}: the node at ${link.path} made nothing: see that sv2kit knows this version of the node`;
  throw new IpcError('malformed', text, { method: method.name, path: link.path });
}

function noThreads(path: string): IpcError {
  const text =
    `what listens at ${path} offers no threads to run calls on, as nodes do: ` +
    'name the socket of a Bitcoin Core that was started with -ipcbind=unix';
  return new IpcError('not-a-node', text, { method: construct.name, path });
}
