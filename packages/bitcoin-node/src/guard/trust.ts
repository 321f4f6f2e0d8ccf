import type { MiningNode, NodeHealth } from '../node.ts';

/** Whether what a node says of the chain counts: it is not refused. One that is away has said what it knew. */
export function isTrusted({ state }: Pick<NodeHealth, 'state'>): boolean {
  return state !== 'wrong-chain' && state !== 'behind';
}

/** What is wrong with a clock, by the first of the nodes that has something to say of it; undefined when nothing is. */
export function clockTrouble(nodes: readonly Pick<MiningNode, 'health' | 'name'>[]): string | undefined {
  for (const node of nodes) {
    const { clock } = node.health();
    if (clock !== undefined) return `${clock} (node ${node.name})`;
  }
  return undefined;
}
