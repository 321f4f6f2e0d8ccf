import { useMemo, useState } from 'preact/hooks';
import { go, hrefOf } from '../../app/route.ts';
import { amount, count, plain } from '../../data/format.ts';
import { Segments, Select } from '../../parts/choose.tsx';
import { Away, Loading } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { type AllWork, type Detail, useDetail } from './data.ts';
import { type Difference, difference, type Share } from './difference.ts';
import { FeeBars } from './fee-bars.tsx';
import { defaultPair, type Source } from './sources.ts';
import { TransactionTable } from './transaction-table.tsx';
import { revenueOf } from './words.ts';
import { type Snapshot, valueOf } from '../../data/snapshot.ts';

interface DifferenceViewProps {
  readonly all: AllWork;
  readonly sources: readonly Source[];
  readonly query: URLSearchParams;
}

/** How what one has chosen differs from what another has. */
export function DifferenceView({ all, sources, query }: DifferenceViewProps) {
  const usual = defaultPair(sources, all.poolProvider);
  const mine = sources.find(({ key }) => key === query.get('mine')) ?? usual.mine;
  const theirs = sources.find(({ key }) => key === query.get('theirs')) ?? usual.theirs;
  const here = useDetail(all.roles, mine);
  const there = useDetail(all.roles, theirs);
  if (mine === undefined || theirs === undefined) {
    return (
      <Panel title="Difference">
        {all.isLoading ? (
          <Loading what="the templates" />
        ) : (
          <Empty>
            It takes two roles with templates: a pool’s template provider and a miner’s, or a job declarator client.
          </Empty>
        )}
      </Panel>
    );
  }
  const choices = sources.map(({ key, label }) => ({ value: key, label: plain(label) }));
  const choose = (pair: { readonly mine?: string; readonly theirs?: string }) =>
    go(hrefOf(['work', 'difference'], { mine: mine.key, theirs: theirs.key, ...pair }), { replace: true });
  return (
    <>
      <Panel title="What is compared">
        <div class="pair">
          <Select label="Mine" value={mine.key} of={choices} onChoose={(key) => choose({ mine: key })} />
          <button
            type="button"
            aria-label="Swap the two"
            title="Swap the two"
            onClick={() => choose({ mine: theirs.key, theirs: mine.key })}
          >
            ⇄
          </button>
          <Select label="Theirs" value={theirs.key} of={choices} onChoose={(key) => choose({ theirs: key })} />
        </div>
        <Side of={here} source={mine} />
        <Side of={there} source={theirs} />
      </Panel>
      <Compared mine={valueOf(here)} theirs={valueOf(there)} />
    </>
  );
}

/** Why a side cannot be compared, where it cannot. */
function Side({ of, source }: { readonly of: Snapshot<Detail>; readonly source: Source }) {
  switch (of.state) {
    case 'loading':
      return <Loading what={source.label} />;
    case 'unreachable':
    case 'stale':
      return <Away who={source.role} reason={of.reason} sinceMs={of.sinceMs} />;
    case 'absent':
      return <Empty>{`${source.role}: ${of.reason}`}</Empty>;
    case 'there': {
      const { transactionList, transactions, cut } = of.value;
      if (transactionList === undefined && transactions !== 0) {
        return <Empty>{`${plain(source.label)}: it does not tell which transactions they are. Choose another.`}</Empty>;
      }
      return cut === true ? (
        <p class="soft">{`${plain(source.label)}: only the first ones are told and compared.`}</p>
      ) : null;
    }
    default:
      return of satisfies never;
  }
}

type Part = keyof Difference;
const PARTS = [
  { value: 'onlyMine', label: 'only mine' },
  { value: 'both', label: 'both' },
  { value: 'onlyTheirs', label: 'only theirs' },
] as const;

const listOf = (detail: Detail | undefined) => detail?.transactionList ?? (detail?.transactions === 0 ? [] : undefined);

function Compared({ mine, theirs }: { readonly mine: Detail | undefined; readonly theirs: Detail | undefined }) {
  const here = listOf(mine);
  const there = listOf(theirs);
  const found = useMemo(() => here && there && difference(here, there), [mine, theirs]);
  const [part, setPart] = useState<Part>('onlyMine');
  if (found === undefined || mine === undefined || theirs === undefined) return null;
  const isOtherTip = mine.prevHash !== undefined && theirs.prevHash !== undefined && mine.prevHash !== theirs.prevHash;
  const isSame = found.onlyMine.transactions.length + found.onlyTheirs.transactions.length === 0;
  return (
    <>
      {isOtherTip && (
        <p class="away">
          <b>They build on different blocks: </b>
          {`mine on ${count(mine.height ?? 0)}, theirs on ${count(theirs.height ?? 0)}; one of them is behind.`}
        </p>
      )}
      <div class="panels difference">
        <SharePanel title="Only mine" tone="mine" share={found.onlyMine} pays={revenueOf(mine)} whose="mine" />
        <SharePanel title="Both" tone="both" share={found.both} />
        <SharePanel
          title="Only theirs"
          tone="theirs"
          share={found.onlyTheirs}
          pays={revenueOf(theirs)}
          whose="theirs"
        />
      </div>
      {isSame ? (
        <Panel title="Transactions">
          <Empty>
            {found.both.transactions.length === 0
              ? 'Neither holds a transaction: nothing differs. Those in the nodes’ mempools appear here.'
              : 'Both hold the same transactions.'}
          </Empty>
        </Panel>
      ) : (
        <>
          <Panel title="By what they pay">
            <FeeBars
              groups={[
                { name: 'only mine', transactions: found.onlyMine.transactions, tone: 'mine' },
                { name: 'both', transactions: found.both.transactions, tone: 'both' },
                { name: 'only theirs', transactions: found.onlyTheirs.transactions, tone: 'theirs' },
              ]}
            />
          </Panel>
          <Panel title="Transactions" aside={<Segments label="Which" value={part} of={PARTS} onChoose={setPart} />}>
            {found[part].transactions.length === 0 ? (
              <Empty>There is none of these.</Empty>
            ) : (
              <TransactionTable key={part} transactions={found[part].transactions} />
            )}
          </Panel>
        </>
      )}
    </>
  );
}

interface SharePanelProps {
  readonly title: string;
  readonly tone: string;
  readonly share: Share;
  readonly whose?: string;
  /** What the coinbase of that side pays. */
  readonly pays?: number | undefined;
}

function SharePanel({ title, tone, share, whose, pays }: SharePanelProps) {
  const { transactions, fees, feesUnknown, weight } = share;
  return (
    <Panel title={title} class={tone}>
      <dl class="facts">
        <div>
          <dt>Transactions</dt>
          <dd>{count(transactions.length)}</dd>
        </div>
        <div>
          <dt>Fees</dt>
          <dd>
            {feesUnknown === transactions.length && transactions.length > 0 ? 'not told' : amount(fees)}
            {feesUnknown > 0 && feesUnknown < transactions.length && (
              <small>{`without ${count(feesUnknown)} of which they are not told`}</small>
            )}
          </dd>
        </div>
        <div>
          <dt>Weight</dt>
          <dd>{`${count(weight)} WU`}</dd>
        </div>
        {pays !== undefined && (
          <div>
            <dt>{`All of ${whose} pays`}</dt>
            <dd>{amount(pays)}</dd>
          </div>
        )}
      </dl>
    </Panel>
  );
}
