import type { RoleApi } from '@sv2kit/monitor';
import type { ServerContext } from '../context.ts';
import { sharesView } from '../status.ts';
import { channelViews, peerViews } from './connection-views.ts';
import { jobDetail, jobViews } from './job-views.ts';
import { templateDetail, templateViews } from './template-views.ts';
import { type WorkerList, workerView } from './worker-list.ts';

/**
 * What a mining server has to say to those who look at its role: its part of a {@link RoleApi}, to be spread into one.
 * `worker` has no past, and `history` what this process remembers; `shares` count from where the ledger began, once that was recalled.
 */
export type MiningApi = ReturnType<typeof miningApi>;

export function miningApi(context: ServerContext, list: WorkerList) {
  const { workers, totals, deps } = context;
  const now = () => deps.clock.now();
  return {
    channels: (page) => channelViews(context, page),
    peers: (page) => peerViews(context, page),
    workers: (query) => list.page(query, now),
    worker(name) {
      const worker = workers.find(name);
      return worker === undefined ? undefined : { ...workerView(worker, now(), workers), history: [] };
    },
    shares: () => sharesView(context),
    history: ({ hours }) => ({ kept: 'memory', ...totals.minutes.history(hours, now()) }),
    jobs: (page) => jobViews(context, page),
    job: (id) => jobDetail(context, id),
    templates: (page) => templateViews(context, page),
    template: (id) => templateDetail(context, id),
  } satisfies RoleApi;
}
