import type { BoundCounter, Counter, Latencies, Metrics } from '@sv2kit/daemon';
import type { NetMetrics } from '@sv2kit/net';
import type { MiningServerMetrics } from './ports.ts';
import type { MiningServer } from './server.ts';
import type { MinerLevels } from './status.ts';
import type { Worker } from './workers/worker.ts';

const LOOK_MS = 500;

/** What the connections and channels of a service's miners are counted with. */
export interface MinerMetrics {
  readonly net: NetMetrics;
  readonly mining: MiningServerMetrics;
}

/**
 * Declares the metrics of a service that serves miners. Latencies go to /status, where they have quantiles.
 * @param prefix of every name, such as `sv2_pool`
 */
export function minerMetrics(metrics: Metrics, latencies: Latencies, prefix: string): MinerMetrics {
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`${prefix}_${rest}`, help, labels);
  const gauge = (rest: string, help: string) => metrics.gauge(`${prefix}_${rest}`, help);
  return {
    net: {
      accepted: counter('connections_accepted_total', 'Connections accepted.'),
      refused: counter('connections_refused_total', 'Connections turned away.', ['limit']),
      closed: counter('connections_closed_total', 'Connections that ended.', ['reason']),
      bugs: counter('connection_bugs_total', 'Mistakes of ours that ended a connection.'),
      connections: gauge('connections', 'Connections open now.'),
    },
    mining: {
      shares: byOutcome(counter('shares_total', 'Shares of miners judged.', ['outcome'])),
      channelsOpened: counter('channels_opened_total', 'Channels opened.', ['kind']),
      channelsRefused: counter('channels_refused_total', 'Channels refused.', ['code']),
      channelsClosed: counter('channels_closed_total', 'Channels closed.', ['reason']),
      channels: gauge('channels', 'Channels open now.'),
      badShares: counter('bad_share_steps_total', 'What came of bad shares.', ['step']),
      customJobs: counter('custom_jobs_total', "Jobs of miners' own, by what became of them.", ['outcome']),
      strays: counter('stray_messages_total', 'Messages for channels that are not there.', ['message']),
      shareToSuccess: latencies.recorder('share-to-success'),
      shareToError: latencies.recorder('share-to-error'),
      workToLast: latencies.recorder('template-to-last-job'),
      fanOut: latencies.recorder('fan-out'),
    },
  };
}

/** A counter by `outcome` that is on every share's way: its labels are looked up once per outcome. */
export function byOutcome(counter: Counter): Pick<Counter, 'inc'> {
  const bound = new Map<string, BoundCounter>();
  return {
    inc(labels = {}, n) {
      const outcome = labels['outcome'] ?? '';
      let series = bound.get(outcome);
      if (series === undefined) {
        series = counter.bind({ outcome });
        bound.set(outcome, series);
      }
      series.inc(n);
    },
  };
}

/**
 * Levels of a service that serves miners, asked for when somebody looks: hashrate, workers, the work at hand and what is
 * credited for it; and series of single workers.
 *
 * @param prefix of every name, such as `sv2_pool`
 * @param most workers with series of their own; 0: none
 */
export function minerSeries(
  metrics: Metrics,
  prefix: string,
  server: Pick<MiningServer, 'topWorkers' | 'levels'>,
  most: number,
  now: () => number,
): void {
  const levels = oncePerLook(server, now);
  const level = (rest: string, help: string, label: string, value: (levels: MinerLevels) => LevelsBy): void =>
    metrics.series(`${prefix}_${rest}`, help, label === '' ? [] : [label], () =>
      Object.entries(value(levels())).flatMap(([name, read]) =>
        read === undefined ? [] : [[label === '' ? {} : { [label]: name }, read] as const],
      ),
    );
  level('hashrate', 'Hashes per second, measured from accepted work.', 'window', ({ hashrate }) => ({
    '1m': hashrate.oneMinute,
    '10m': hashrate.tenMinutes,
    '1h': hashrate.oneHour,
    '24h': hashrate.oneDay,
  }));
  level('workers', 'Workers that are known.', 'state', ({ workers }) => workers);
  level('accepted_work_total', 'Sum of the difficulties that accepted shares are credited.', '', ({ work: value }) => ({
    value,
  }));
  level('best_difficulty', 'Of the best hash that was accepted.', '', ({ bestDifficulty: value }) => ({ value }));
  level('height', 'Of the block that is mined; absent while there is no work.', '', ({ height: value }) => ({ value }));
  level(
    'network_difficulty',
    'What a block takes; absent while there is no work.',
    '',
    ({ networkDifficulty: value }) => ({
      value,
    }),
  );
  const times = 'unix time; absent while there is no work.';
  level('tip_timestamp_seconds', `When the tip that is mined on came, ${times}`, '', ({ tipSinceMs }) =>
    seconds(tipSinceMs),
  );
  level('template_timestamp_seconds', `When the work that is mined came, ${times}`, '', ({ workSinceMs }) =>
    seconds(workSinceMs),
  );
  workerSeries(metrics, prefix, server, most, now);
}

/** One look reads every series within a moment: the workers are gone through once. */
function oncePerLook(server: Pick<MiningServer, 'levels'>, now: () => number): () => MinerLevels {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let levels: MinerLevels | undefined;
  return () => {
    const nowMs = now();
    if (levels === undefined || Math.abs(nowMs - readAtMs) > LOOK_MS) {
      levels = server.levels();
      readAtMs = nowMs;
    }
    return levels;
  };
}

type LevelsBy = Readonly<Record<string, number | undefined>>;

function seconds(ms: number | undefined): LevelsBy {
  return { value: ms === undefined ? undefined : ms / 1000 };
}

/**
 * Series of single workers, for who wants them: each is a label of its own in whatever reads /metrics, so that they are
 * so many at most, those with most hashrate.
 *
 * @param most 0: none
 */
function workerSeries(
  metrics: Metrics,
  prefix: string,
  server: Pick<MiningServer, 'topWorkers'>,
  most: number,
  now: () => number,
): void {
  if (most === 0) return;
  const series = (rest: string, help: string, value: (worker: Worker) => number | undefined): void =>
    metrics.series(`${prefix}_worker_${rest}`, help, ['worker'], () =>
      server.topWorkers(most).flatMap((worker) => {
        const read = value(worker);
        return read === undefined ? [] : [[{ worker: worker.name }, read] as const];
      }),
    );
  series('hashrate', 'Hashes per second over ten minutes.', ({ meter }) => meter.hashrate(now()));
  series('accepted_shares_total', 'Shares accepted.', ({ accepted }) => accepted);
  series('last_share_timestamp_seconds', 'When the last share was accepted.', ({ lastShareAtMs }) =>
    lastShareAtMs === undefined ? undefined : lastShareAtMs / 1000,
  );
}
