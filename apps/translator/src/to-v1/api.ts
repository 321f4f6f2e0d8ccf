import type { MiningServer } from '@sv2kit/mining-server';
import { pageOf, type RoleApi, type UpstreamView } from '@sv2kit/monitor';
import type { BlockDesk } from '@sv2kit/template-source';
import type { Translator } from './translator.ts';

/** What the API is made from. */
export interface ApiSources {
  readonly server: MiningServer;
  readonly translator: Translator;
  readonly blocks: BlockDesk;
}

/** What the translator to V1 tells below /api/v1: its devices as a mining server has them, and the V1 pools. */
export function translatorToV1Api({ server, translator, blocks }: ApiSources): RoleApi {
  return {
    ...server.api,
    blocks: (page) =>
      pageOf(blocks.list(), page, ({ userIdentity: user, device: _, state: status, ...block }) => ({
        ...block,
        status,
        user,
      })),
    upstreams: () =>
      translator.states
        .reports(translator.endpoints)
        .map((report) => ({ ...report, kind: 'v1-pool', stats: report.active ? poolStats(translator) : {} })),
  };
}

function poolStats({ link, totals, desk, relay }: Translator): UpstreamView['stats'] {
  const { current, space } = desk;
  return {
    relayed: totals.relayed.count,
    accepted: totals.accepted.count,
    refused: [...totals.refused.values()].reduce((sum, { count }) => sum + count, 0),
    unanswered: link?.unanswered ?? 0,
    refusedOfLast: link?.refusals ?? 0,
    held: relay.held,
    workers: link?.workers.known ?? 0,
    difficulty: current?.work.poolJob.difficulty ?? null,
    height: current?.work.job.height ?? null,
    channelsFit: space?.channels ?? null,
  };
}
