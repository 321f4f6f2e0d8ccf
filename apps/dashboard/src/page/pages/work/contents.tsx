import { go, hrefOf } from '../../app/route.ts';
import { amount, count, percent, plain } from '../../data/format.ts';
import { Select } from '../../parts/choose.tsx';
import { Known, Loading } from '../../parts/known.tsx';
import { Empty, Figure, Panel } from '../../parts/panel.tsx';
import { Ago, Hash } from '../../parts/text.tsx';
import { type AllWork, type Detail, useDetail } from './data.ts';
import { shareOf } from './difference.ts';
import { FeeBars } from './fee-bars.tsx';
import { Outputs } from './outputs.tsx';
import type { Source } from './sources.ts';
import { TransactionTable } from './transaction-table.tsx';
import { TreemapPicture } from './treemap-picture.tsx';
import { bornAtMs, MAX_WEIGHT, revenueOf } from './words.ts';

interface ContentsProps {
  readonly all: AllWork;
  readonly sources: readonly Source[];
  /** The key of the source that the address names. */
  readonly asked: string | undefined;
}

/** What is in a template or a job. */
export function Contents({ all, sources, asked }: ContentsProps) {
  const source =
    sources.find(({ key }) => key === asked) ?? sources.find(({ list }) => list === 'templates') ?? sources[0];
  const detail = useDetail(all.roles, source);
  if (source === undefined) {
    return (
      <Panel title="Contents">
        {all.isLoading ? (
          <Loading what="the templates" />
        ) : (
          <Empty>No role has a template. The first one is shown here.</Empty>
        )}
      </Panel>
    );
  }
  return (
    <>
      <Panel
        title={plain(source.label)}
        aside={
          <Select
            label="Of"
            value={source.key}
            of={sources.map(({ key, label }) => ({ value: key, label: plain(label) }))}
            onChoose={(key) => go(hrefOf(['work', 'contents'], { of: key }), { replace: true })}
          />
        }
      >
        <Known of={detail} what="its contents" who={source.role}>
          {(value) => <Head detail={value} state={source.work.state} />}
        </Known>
      </Panel>
      <Known of={detail} what="its transactions" who={source.role}>
        {(value) => <Transactions detail={value} />}
      </Known>
    </>
  );
}

function Head({ detail, state }: { readonly detail: Detail; readonly state: string }) {
  const { height, prevHash, transactions, fees, transactionList, coinbaseOutputs, coinbase } = detail;
  const revenue = revenueOf(detail);
  const born = bornAtMs(detail);
  const listed = shareOf(transactionList ?? []);
  const weight = 'weight' in detail && detail.weight !== undefined ? detail.weight : listed.weight;
  const many = transactions ?? transactionList?.length;
  const fee = fees ?? (transactionList !== undefined && listed.feesUnknown === 0 ? listed.fees : undefined);
  return (
    <>
      <dl class="figures">
        {height !== undefined && (
          <Figure label="Block" note={state === 'active' ? 'mined now' : state}>
            {count(height)}
          </Figure>
        )}
        <Figure
          label="Transactions"
          note={'isEmpty' in detail && detail.isEmpty === true ? 'empty: the tip is new' : undefined}
        >
          {many === undefined ? 'not told' : count(many)}
        </Figure>
        {fee !== undefined && <Figure label="Fees">{amount(fee)}</Figure>}
        {revenue !== undefined && <Figure label="The coinbase pays">{amount(revenue)}</Figure>}
        {weight > 0 && (
          <Figure label="Weight" note={`${percent(weight, MAX_WEIGHT)} of a block`}>
            {`${count(Math.round(weight / 1000))} kWU`}
          </Figure>
        )}
        {born !== undefined && (
          <Figure label="Since">
            <Ago ms={born} />
          </Figure>
        )}
      </dl>
      <div class="beneath">
        {prevHash !== undefined && (
          <p>
            <span class="soft">On top of </span>
            <Hash>{prevHash}</Hash>
          </p>
        )}
        {'source' in detail && detail.source !== undefined && (
          <p>
            <span class="soft">From </span>
            {plain(detail.source)}
          </p>
        )}
        {coinbase?.tag !== undefined && (
          <p>
            <span class="soft">The coinbase says </span>
            <q>{plain(coinbase.tag)}</q>
          </p>
        )}
      </div>
      {coinbaseOutputs !== undefined && <Outputs outputs={coinbaseOutputs} />}
    </>
  );
}

function Transactions({ detail: { transactionList, transactions, cut } }: { readonly detail: Detail }) {
  if (transactionList === undefined) {
    return (
      <Panel title="Transactions">
        <Empty>
          {transactions === 0
            ? 'There is none: the block would hold its coinbase alone.'
            : 'This role does not know which transactions they are: the one that chose them does.'}
        </Empty>
      </Panel>
    );
  }
  if (transactionList.length === 0) {
    return (
      <Panel title="Transactions">
        <Empty>There is none: the block would hold its coinbase alone. Those in the node’s mempool appear here.</Empty>
      </Panel>
    );
  }
  return (
    <>
      <div class="panels">
        <Panel title="By weight">
          <TreemapPicture transactions={transactionList} />
        </Panel>
        <Panel title="By what they pay">
          <FeeBars groups={[{ name: 'this template', transactions: transactionList, tone: 'both' }]} />
        </Panel>
      </div>
      <Panel title="Transactions">
        {cut === true && <p class="soft">{`Only the first ${count(transactionList.length)} are told.`}</p>}
        <TransactionTable transactions={transactionList} />
      </Panel>
    </>
  );
}
