import { clockTrouble } from '@sv2kit/bitcoin-node';
import { nodeCode, type ServiceDeps } from '@sv2kit/daemon';
import type { BlockNode, KnownBest } from '@sv2kit/template-source';

/** What a node is without that is reached over IPC alone and is older than the call that takes whole blocks. */
const NO_WHOLE_BLOCKS =
  'takes no whole blocks over its IPC, so that it can only confirm them: give the url of its RPC too';

/**
 * Tells health how the nodes are, and this machine's clock beside theirs. Blocks have a way less by one that takes none,
 * that is refused as on another chain, or while one is away; miners are served on.
 *
 * @returns what looks at them
 */
export function watchNodes(nodes: readonly BlockNode[], { health }: Pick<ServiceDeps, 'health'>): () => void {
  if (nodes.length === 0) return () => {};
  const clock = health.condition('clock', undefined, 'clock-off');
  const watched = nodes.map((node) => ({
    node,
    condition: health.condition(`node ${node.name}`, node.health().reason, 'node-away'),
  }));
  return () => {
    const trouble = clockTrouble(nodes);
    if (trouble === undefined) clock.ok();
    else clock.lacking(trouble);
    for (const { node, condition } of watched) {
      const { state, reason } = node.health();
      if (state !== 'ok' || reason !== undefined) condition.lacking(reason ?? state, nodeCode(state));
      else if (node.takesBlocks) condition.ok();
      else condition.lacking(NO_WHOLE_BLOCKS, 'no-whole-blocks');
    }
  };
}

/** The best block that one of the nodes knows of which are well: work on an older one is stale. */
export function bestBlockOf(nodes: readonly BlockNode[]): KnownBest | undefined {
  let best: KnownBest | undefined;
  for (const node of nodes) {
    const { state, tipHeight } = node.health();
    if (state !== 'ok' || tipHeight === undefined || tipHeight <= (best?.height ?? -1)) continue;
    best = { height: tipHeight, by: node.name };
  }
  return best;
}
