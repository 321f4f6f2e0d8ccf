import { displayHash } from '@sv2kit/bitcoin';
import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import {
  type ListenView,
  pageOf,
  type PeerView,
  type RoleApi,
  type TemplateDetail,
  type TemplateView,
  transactionsView,
  type UpstreamView,
} from '@sv2kit/monitor';
import type { Logger } from '@sv2kit/daemon';
import type { PublishedTemplate, SharedTransaction, TemplatePublisher } from '@sv2kit/templates';
import type { BlockDesk } from './block-desk.ts';
import type { Client } from './client.ts';
import type { HeldTemplates } from './held-templates.ts';
import type { NodeSource } from './node-source.ts';
import type { TemplateFeed } from './template-feed.ts';
import type { TemplateServer } from './template-server.ts';

interface ApiParts {
  readonly publisher: Pick<TemplatePublisher<HeldTemplate>, 'template' | 'templates' | 'view'>;
  readonly held: Pick<HeldTemplates, 'complete' | 'find'>;
  readonly feed: Pick<TemplateFeed, 'activeNode' | 'sources'>;
  readonly desk: Pick<BlockDesk, 'list'>;
  readonly server: Pick<TemplateServer, 'clients'>;
  readonly listens: readonly ListenView[];
  readonly log: Pick<Logger, 'debug'>;
}
type Published = PublishedTemplate<HeldTemplate>;

/** What a template provider answers below /api/v1. */
export function templateProviderApi(parts: ApiParts): RoleApi {
  const { publisher, feed, desk, server, listens } = parts;
  return {
    templates: (page) =>
      pageOf(publisher.templates(), page, (each) => templateView(each, parts), publisher.view().templates),
    template: (id) => templateDetail(id, parts),
    blocks: (page) => pageOf(desk.list(), page, (block) => block),
    upstreams: () => feed.sources.map((source) => nodeView(source, feed.activeNode)),
    listens: () => listens,
    peers: (page) => pageOf(server.clients, page, peerView),
  };
}

function templateView(
  { templateId, state, height, prevHash, transactions, fees, value, receivedAtMs, origin }: Published,
  { held, feed }: Pick<ApiParts, 'held' | 'feed'>,
): TemplateView {
  const [only, ...others] = feed.sources;
  const node = origin === undefined ? undefined : held.find(origin)?.node;
  const source = node ?? (others.length === 0 ? only?.node : undefined);
  return {
    id: templateId.toString(),
    state,
    height,
    ...(prevHash !== undefined && { prevHash: displayHash(prevHash) }),
    ...(transactions !== undefined && { transactions: transactions.length, isEmpty: transactions.length === 0 }),
    fees: Number(fees),
    revenue: Number(value),
    receivedAtMs: Math.round(receivedAtMs),
    ...(source !== undefined && { source: source.name }),
  };
}

/** With its transactions: of one that the node holds they are fetched, and what they pay is asked of it each time. */
async function templateDetail(id: string, parts: ApiParts): Promise<TemplateDetail | undefined> {
  const { publisher, held, log } = parts;
  const templateId = idOf(id);
  const find = (): Published | undefined => (templateId === undefined ? undefined : publisher.template(templateId));
  const first = find();
  if (first === undefined) return undefined;
  const { origin } = first;
  if (origin !== undefined && first.transactions === undefined) {
    await held
      .complete(origin)
      .catch((error: unknown) => log.debug('a template is told without its transactions', { error }));
  }
  const published = find() ?? first;
  const list = await withFees(published, log);
  const { transactionList, cut } = await transactionsView(list);
  const isWeighed = list?.every(({ weight }) => weight !== undefined) === true;
  return {
    ...templateView(published, parts),
    ...(isWeighed && { weight: list.reduce((sum, { weight = 0 }) => sum + weight, 0) }),
    ...(transactionList !== undefined && { transactionList }),
    ...(cut !== undefined && { cut }),
  };
}

async function withFees(
  { transactions, origin }: Published,
  log: Pick<Logger, 'debug'>,
): Promise<readonly SharedTransaction[] | undefined> {
  if (origin === undefined || transactions === undefined || transactions.length === 0) return transactions;
  try {
    const fees = await origin.transactionFees();
    if (fees.length !== transactions.length) return transactions;
    return transactions.map((transaction, index) => ({ ...transaction, fee: fees[index] ?? 0n }));
  } catch (error) {
    // The node has released it, or is away.
    log.debug('a template is told without what its transactions pay', { error });
    return transactions;
  }
}

function idOf(text: string): bigint | undefined {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
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
