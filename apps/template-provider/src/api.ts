import { displayHash } from '@sv2kit/bitcoin';
import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import { pageOf, type PeerView, type RoleApi, type TemplateView, type UpstreamView } from '@sv2kit/monitor';
import type { PublishedTemplate, TemplatePublisher } from '@sv2kit/templates';
import type { BlockDesk } from './block-desk.ts';
import type { Client } from './client.ts';
import type { NodeSource } from './node-source.ts';
import type { TemplateFeed } from './template-feed.ts';
import type { TemplateServer } from './template-server.ts';

interface ApiParts {
  readonly publisher: Pick<TemplatePublisher<HeldTemplate>, 'templates' | 'view'>;
  readonly feed: Pick<TemplateFeed, 'activeNode' | 'sources'>;
  readonly desk: Pick<BlockDesk, 'list'>;
  readonly server: Pick<TemplateServer, 'clients'>;
}

/** What a template provider answers below /api/v1. */
export function templateProviderApi({ publisher, feed, desk, server }: ApiParts): RoleApi {
  return {
    templates: (page) => pageOf(publisher.templates(), page, templateView, publisher.view().templates),
    blocks: (page) => pageOf(desk.list(), page, (block) => block),
    upstreams: () => feed.sources.map((source) => nodeView(source, feed.activeNode)),
    peers: (page) => pageOf(server.clients, page, peerView),
  };
}

function templateView({
  templateId,
  state,
  height,
  prevHash,
  transactions,
  fees,
  value,
}: PublishedTemplate): TemplateView {
  return {
    id: templateId.toString(),
    state,
    height,
    ...(prevHash !== undefined && { prevHash: displayHash(prevHash) }),
    ...(transactions !== undefined && { transactions, isEmpty: transactions === 0 }),
    fees: Number(fees),
    revenue: Number(value),
  };
}

function nodeView({ node, backEnd, sinceMs }: NodeSource, active: string | undefined): UpstreamView {
  const { state, reason, chain = null, tipHeight = null, lastTemplateAtMs = null } = node.health();
  return {
    name: node.name,
    kind: 'node',
    state,
    active: node.name === active,
    ...(reason !== undefined && { reason }),
    sinceMs,
    stats: { chain, tipHeight, lastTemplateAtMs, backEnd, takesBlocks: node.takesBlocks },
  };
}

function peerView({ connection, allowance, isPaused, sinceMs }: Client): PeerView {
  const { id, remote, setup, extensions } = connection;
  return {
    connection: id,
    remote: remote.address,
    protocol: 'template-distribution',
    device: [setup.vendor, setup.hardwareVersion, setup.firmware].filter((part) => part !== '').join(' '),
    channels: 0,
    sinceMs,
    extensions: [...extensions],
    stats: { isPaused, outstandingTemplates: allowance.outstanding },
  };
}
