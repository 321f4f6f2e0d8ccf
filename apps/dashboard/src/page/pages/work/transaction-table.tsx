import { useMemo, useState } from 'preact/hooks';
import { amount, count, digits } from '../../data/format.ts';
import type { TransactionView } from '../../data/views.ts';
import { Pager, Search, Select } from '../../parts/choose.tsx';
import { Empty } from '../../parts/panel.tsx';
import { Hash } from '../../parts/text.tsx';
import { chooseRows, feeRate, pageOf, SORTS, type Sort, weightOf } from './transactions.ts';

const SIZE = 25;
const LABELS: Readonly<Record<Sort, string>> = {
  order: 'place in the block',
  feerate: 'fee rate',
  fee: 'fee',
  weight: 'weight',
};

/** Transactions, searchable and paged. */
export function TransactionTable({ transactions }: { readonly transactions: readonly TransactionView[] }) {
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<Sort>('order');
  const [page, setPage] = useState(0);
  const rows = useMemo(() => chooseRows(transactions, { search, sort }), [transactions, search, sort]);
  const shown = pageOf(rows, page, SIZE);
  return (
    <>
      <div class="tools">
        <Search
          label="Search a txid"
          hint="txid"
          value={search}
          onSearch={(text) => {
            setSearch(text);
            setPage(0);
          }}
        />
        <Select
          label="By"
          value={sort}
          of={SORTS.map((value) => ({ value, label: LABELS[value] }))}
          onChoose={setSort}
        />
      </div>
      {rows.length === 0 ? (
        <Empty>{`None of ${count(transactions.length)} transactions has that in its id.`}</Empty>
      ) : (
        <div class="scroll">
          <table class="transactions">
            <thead>
              <tr>
                <th scope="col" class="number">
                  No.
                </th>
                <th scope="col">Txid</th>
                <th scope="col" class="number">
                  Fee rate
                </th>
                <th scope="col" class="number">
                  Fee
                </th>
                <th scope="col" class="number">
                  Weight
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.rows.map(({ place, transaction }) => (
                <Row key={transaction.txid} place={place} transaction={transaction} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager
        offset={shown.page * SIZE}
        limit={SIZE}
        total={rows.length}
        onPage={(offset) => setPage(Math.floor(offset / SIZE))}
      />
    </>
  );
}

function Row({ place, transaction }: { readonly place: number; readonly transaction: TransactionView }) {
  const rate = feeRate(transaction);
  const weight = weightOf(transaction);
  return (
    <tr>
      <td class="number soft">{count(place)}</td>
      <td>
        <Hash ends={7}>{transaction.txid}</Hash>
      </td>
      <td class="number">{rate === undefined ? '–' : `${digits(rate)} sat/vB`}</td>
      <td class="number">{transaction.fee === undefined ? '–' : amount(transaction.fee)}</td>
      <td class="number">{weight === undefined ? '–' : `${count(weight)} WU`}</td>
    </tr>
  );
}
