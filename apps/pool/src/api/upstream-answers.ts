import type { UpstreamView } from '@sv2kit/monitor';
import { type BlockNode, providerView, type TemplateLine } from '@sv2kit/template-source';
import type { JobDeclaration } from '../job-declaration/job-declaration.ts';

export interface UpstreamParts {
  readonly line: TemplateLine;
  readonly nodes: readonly BlockNode[];
  readonly declaration: JobDeclaration | undefined;
  /** Whether miners are served. */
  readonly working: boolean;
}

/** What the pool is a client of: a template provider at a time, job declarator servers, nodes. */
export function upstreamViews({ line, nodes, declaration, working }: UpstreamParts, nowMs: number): UpstreamView[] {
  const provider = providerView(line, working, nowMs);
  return [provider, ...(declaration?.upstreams() ?? []), ...nodes.map(nodeView)];
}

function nodeView(node: BlockNode): UpstreamView {
  const { state, reason, chain = null, tipHeight = null } = node.health();
  return {
    name: node.name,
    kind: 'node',
    state,
    ...(reason === undefined ? {} : { reason }),
    stats: { chain, tipHeight },
  };
}
