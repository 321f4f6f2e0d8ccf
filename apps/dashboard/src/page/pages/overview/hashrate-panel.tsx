import { useMemo, useState } from 'preact/hooks';
import { serverNow } from '../../data/clock.ts';
import { count, hashrate } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { hashrateSeries, sharesIn, sinceFirstWork } from '../../data/series.ts';
import { type Snapshot, valueOf } from '../../data/snapshot.ts';
import type { HistoryView, SharesView } from '../../data/views.ts';
import { HashrateChart } from '../../parts/chart.tsx';
import { Segments } from '../../parts/choose.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Figure, Panel } from '../../parts/panel.tsx';

const RANGES = [
  { value: '1', label: '1 h', words: '1 hour' },
  { value: '24', label: '24 h', words: '24 hours' },
  { value: '168', label: '7 d', words: '7 days' },
  { value: '720', label: '30 d', words: '30 days' },
] as const;
type Range = (typeof RANGES)[number]['value'];
const DAY = '24';
/** A longer past changes more slowly. */
const EVERY_MS: Readonly<Record<Range, number>> = { '1': 10_000, '24': 30_000, '168': 120_000, '720': 300_000 };

/** Hashrate now, over four windows, and as a line. */
export function HashratePanel({ role }: { readonly role: KnownRole }) {
  const [range, setRange] = useState<Range>(role.info !== undefined && role.info.uptimeSeconds < 7200 ? '1' : DAY);
  const shares = useResource<SharesView>(role, 'shares');
  const history = useResource<HistoryView>(role, `history?hours=${range}`, { everyMs: EVERY_MS[range] });
  return (
    <Panel
      title="Hashrate"
      class="hashrate"
      aside={<Segments label="How far back" value={range} of={RANGES} onChoose={setRange} />}
    >
      <Known of={shares} what="the hashrate" who={role.name}>
        {({ hashrate: now }) => (
          <dl class="figures">
            <Figure label="Last minute" large>
              {hashrate(now.oneMinute)}
            </Figure>
            <Figure label="10 minutes">{hashrate(now.tenMinutes)}</Figure>
            <Figure label="1 hour">{hashrate(now.oneHour)}</Figure>
            <Figure label="24 hours">{hashrate(now.oneDay)}</Figure>
          </dl>
        )}
      </Known>
      <Known
        of={history}
        what="the history"
        who={role.name}
        absent={<Empty>{`${role.name} keeps no history of its hashrate.`}</Empty>}
      >
        {(view) => <Line role={role} view={view} shares={shares} range={range} />}
      </Known>
    </Panel>
  );
}

interface LineProps {
  readonly role: KnownRole;
  readonly view: HistoryView;
  readonly shares: Snapshot<SharesView>;
  readonly range: Range;
}

function Line({ role, view, shares, range }: LineProps) {
  const now = shares.state === 'there' ? valueOf(shares)?.hashrate.oneMinute : undefined;
  const points = useMemo(() => sinceFirstWork(view.points), [view]);
  const series = useMemo(() => {
    const nowMs = serverNow();
    const live = now === undefined || range !== '1' ? undefined : { atMs: nowMs, hashrate: now };
    return hashrateSeries(points, view.stepSeconds, live, nowMs);
  }, [points, now, range]);
  const words = RANGES.find(({ value }) => value === range)?.words ?? '';
  if (series.x.length < 2) {
    return <Empty>The line begins with the first minutes that somebody mines: there is not enough yet.</Empty>;
  }
  const { accepted } = sharesIn(points);
  return (
    <>
      <HashrateChart label={`Hashrate seen by ${role.name} over ${words}`} series={series} />
      <p class="soft note">
        {`${count(accepted)} shares accepted in what is shown, a point per ${stepWords(view.stepSeconds)}`}
        {view.kept === 'memory' && '; kept in memory: it begins with the process'}.
      </p>
    </>
  );
}

const stepWords = (seconds: number): string => (seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`);
