import {
  type ListenView,
  pageOf,
  type PeerView,
  type RoleApi,
  type BlockView,
  type UpstreamView,
} from '@sv2kit/monitor';
import { type Journal, nameOfWorker } from '@sv2kit/ledger';
import type { BlockDesk, BlockReport } from './block-desk.ts';
import type { Client, DeclarationServer } from './declaration-server.ts';
import type { JdNode, NodeBench } from './node-bench.ts';
import { type DeclaredJobsParts, jobDetail, jobView } from './declared-jobs.ts';

interface ApiParts extends DeclaredJobsParts {
  readonly bench: Pick<NodeBench, 'block' | 'nodes' | 'status' | 'tip'>;
  readonly desk: Pick<BlockDesk, 'list'>;
  readonly journal: Pick<Journal, 'position' | 'state' | 'watermark'>;
  readonly server: Pick<DeclarationServer, 'clients'>;
  readonly listens: readonly ListenView[];
}

/** What a job declarator server answers below /api/v1. */
export function jdServerApi(parts: ApiParts): RoleApi {
  const { bench, desk, journal, server, tally, listens } = parts;
  return {
    jobs: (page) => pageOf(tally.jobs, page, (job) => jobView(job, parts)),
    job: (id) => jobDetail(id, parts),
    blocks: (page) => pageOf(desk.list(), page, blockView),
    upstreams: () => {
      const checking = bench.status().findIndex(({ checksJobs }) => checksJobs === true);
      return bench.nodes.map((node, index) => nodeView(node, index === checking));
    },
    listens: () => listens,
    peers: (page) => pageOf(server.clients, page, peerView),
    ledger: () => {
      const { position, state, watermark } = journal;
      const reason = state.kind === 'ok' ? {} : { reason: state.reason };
      return { journal: { state: state.kind, ...reason, position, watermark } };
    },
  };
}

function blockView(block: BlockReport): BlockView {
  const { hash, height, state, by, reason, foundAtMs, path, userIdentity, confirmations } = block;
  return {
    hash,
    height,
    status: state,
    by,
    ...(reason !== '' && { reason }),
    ...(confirmations !== undefined && { confirmations }),
    foundAtMs,
    path,
    ...whoOf(userIdentity),
  };
}

function whoOf(userIdentity: string): Pick<BlockView, 'user' | 'worker'> {
  const { user, worker } = nameOfWorker(userIdentity);
  return worker === '' ? { user } : { user, worker };
}

function nodeView(node: JdNode, checksJobs: boolean): UpstreamView {
  const { state, reason, chain = null, tipHeight = null } = node.health();
  return {
    name: node.name,
    kind: 'node',
    state,
    active: checksJobs,
    ...(reason !== undefined && { reason }),
    stats: { chain, tipHeight, takesBlocks: node.takesBlocks },
  };
}

function peerView({ connection, mode, sinceMs }: Client): PeerView {
  const { id, remote, setup, extensions } = connection;
  return {
    connection: id,
    remote: remote.address,
    protocol: 'job-declaration',
    device: [setup.vendor, setup.hardwareVersion, setup.firmware].filter((part) => part !== '').join(' '),
    channels: 0,
    sinceMs,
    extensions: [...extensions],
    stats: { mode },
  };
}
