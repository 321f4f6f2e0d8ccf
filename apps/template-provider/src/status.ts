import { displayHash } from '@sv2kit/bitcoin';
import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import type { TemplatePublisher } from '@sv2kit/templates';
import type { BlockDesk } from './block-desk.ts';
import type { HeldTemplates } from './held-templates.ts';
import type { NodeSource } from './node-source.ts';
import type { TemplateFeed } from './template-feed.ts';
import type { TemplateServer } from './template-server.ts';

export interface StatusParts {
  readonly publisher: TemplatePublisher<HeldTemplate>;
  readonly feed: TemplateFeed;
  readonly held: HeldTemplates;
  readonly desk: BlockDesk;
  readonly server: TemplateServer;
  /** Connections turned away, by limit. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** What a running template provider says of itself at /status. */
export function statusOf({
  publisher,
  feed,
  held,
  desk,
  server,
  refusals,
}: StatusParts): Readonly<Record<string, unknown>> {
  const { phase, height, prevHash, clients, templates } = publisher.view();
  return {
    phase,
    tip: height === undefined || prevHash === undefined ? null : { height: height - 1, hash: displayHash(prevHash) },
    clients,
    templates,
    ...server.status(),
    refusedConnections: Object.fromEntries(refusals),
    emptyAhead: publisher.emptyAhead,
    templateNode: feed.activeNode ?? null,
    nodes: feed.sources.map((source) => nodeStatus(source, held)),
    blocks: desk.standings(),
  };
}

function nodeStatus({ node, backEnd, streams }: NodeSource, held: HeldTemplates): Readonly<Record<string, unknown>> {
  return {
    name: node.name,
    ...node.health(),
    backEnd,
    takesBlocks: node.takesBlocks,
    reserves: backEnd === 'ipc' ? streams.reserves : [],
    heldTemplates: held.countOf(node),
  };
}
