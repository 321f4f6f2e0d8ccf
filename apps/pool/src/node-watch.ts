import type { ServiceDeps } from '@sv2kit/daemon';
import type { BlockNode } from '@sv2kit/template-source';

/** What a node is without that is reached over IPC alone and is older than the call that takes whole blocks. */
const NO_WHOLE_BLOCKS =
  'takes no whole blocks over its IPC, so that it can only confirm them: give the url of its RPC too';

/**
 * Tells health how the nodes are. Blocks have a way less by one that takes none, or while one is away; miners are served
 * on.
 *
 * @returns what looks at them
 */
export function watchNodes(nodes: readonly BlockNode[], { health }: Pick<ServiceDeps, 'health'>): () => void {
  const watched = nodes.map((node) => ({
    node,
    condition: health.condition(`node ${node.name}`, node.health().reason),
  }));
  return () => {
    for (const { node, condition } of watched) {
      const { state, reason } = node.health();
      if (state !== 'ok' || reason !== undefined) condition.lacking(reason ?? state);
      else if (node.takesBlocks) condition.ok();
      else condition.lacking(NO_WHOLE_BLOCKS);
    }
  };
}
