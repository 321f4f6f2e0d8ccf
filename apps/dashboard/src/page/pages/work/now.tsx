import type { ComponentChildren } from 'preact';
import { hrefOf } from '../../app/route.ts';
import { amount, count, plain } from '../../data/format.ts';
import { Loading } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Ago, Hash } from '../../parts/text.tsx';
import type { AllWork } from './data.ts';
import { Outputs } from './outputs.tsx';
import { type Source, type WorkRow, workRows } from './sources.ts';
import { chooser, revenueOf } from './words.ts';

interface NowProps {
  readonly all: AllWork;
  readonly sources: readonly Source[];
}

/** What each role has its miners work on. */
export function Now({ all, sources }: NowProps) {
  const rows = workRows(all.work);
  if (rows.length === 0) {
    return (
      <Panel title="Mined now">
        {all.isLoading ? (
          <Loading what="the work" />
        ) : (
          <Empty>Nobody mines anything. As soon as a role has a template for its miners it is shown here.</Empty>
        )}
      </Panel>
    );
  }
  return (
    <div class="panels jobs">
      {rows.map((row) => (
        <JobPanel key={`${row.role} ${row.job.id}`} row={row} source={sourceOf(row, sources)} />
      ))}
    </div>
  );
}

/** Where one sees what is in it: the job where the role tells, else its template. */
function sourceOf({ role, job }: WorkRow, sources: readonly Source[]): Source | undefined {
  const own = sources.filter((source) => source.role === role);
  return (
    own.find(({ list, id }) => list === 'templates' && id === job.templateId) ?? own.find(({ id }) => id === job.id)
  );
}

function JobPanel({
  row: { role, job, jobs, channels },
  source,
}: {
  readonly row: WorkRow;
  readonly source: Source | undefined;
}) {
  const revenue = revenueOf(job);
  return (
    <Panel
      title={role}
      aside={source !== undefined && <a href={hrefOf(['work', 'contents'], { of: source.key })}>What is in it</a>}
    >
      <p class="chooser">
        <b>{sentence(plain(chooser(job)))}</b>
        <span class="soft">
          <Ago ms={job.createdAtMs} />
        </span>
      </p>
      <dl class="facts">
        {job.height !== undefined && <Fact label="Block">{count(job.height)}</Fact>}
        <Fact label="Transactions">{job.transactions === undefined ? 'not told' : count(job.transactions)}</Fact>
        {job.fees !== undefined && <Fact label="Fees">{amount(job.fees)}</Fact>}
        {revenue !== undefined && <Fact label="Pays">{amount(revenue)}</Fact>}
        {channels !== undefined && <Fact label="Channels">{count(channels)}</Fact>}
        {jobs > 1 && <Fact label="Jobs">{`${count(jobs)}, alike`}</Fact>}
        {job.prevHash !== undefined && (
          <Fact label="On top of">
            <Hash ends={6}>{job.prevHash}</Hash>
          </Fact>
        )}
      </dl>
      {job.coinbaseOutputs !== undefined && <Outputs outputs={job.coinbaseOutputs} />}
    </Panel>
  );
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
