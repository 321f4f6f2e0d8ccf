import { count, percent } from '../../data/format.ts';
import type { TransactionView } from '../../data/views.ts';
import { Empty } from '../../parts/panel.tsx';
import { bandWords, feeBands } from './fee-bands.ts';

/** Transactions that belong together. */
export interface Group {
  readonly name: string;
  readonly transactions: readonly TransactionView[];
  readonly tone: 'mine' | 'theirs' | 'both';
}

/** How much weight pays how much: a bar for each band of fee rates, the groups side by side in it. */
export function FeeBars({ groups }: { readonly groups: readonly Group[] }) {
  const bands = groups.map(({ transactions }) => feeBands(transactions));
  const sums = (bands[0] ?? []).map((_, at) => bands.reduce((sum, one) => sum + (one[at]?.weight ?? 0), 0));
  const used = sums.flatMap((sum, at) => (sum > 0 ? [at] : []));
  const first = used[0];
  const last = used.at(-1);
  if (first === undefined || last === undefined) return <Empty>What they pay is not told.</Empty>;
  const most = Math.max(...sums);
  const all = sums.reduce((sum, one) => sum + one, 0);
  return (
    <figure class="fee-bars">
      <table>
        <caption class="unseen">Weight of the transactions by what they pay, in satoshis per virtual byte</caption>
        <tbody>
          {sums.slice(first, last + 1).map((sum, offset) => {
            const at = first + offset;
            const band = bands[0]?.[at];
            return (
              <tr key={at}>
                <th scope="row">{band === undefined ? '' : bandWords(band).replace(' sat/vB', '')}</th>
                <td>
                  <span class="bar" style={{ width: `${(sum / most) * 100}%` }}>
                    {groups.map(({ name, tone }, group) => {
                      const { weight = 0, count: many = 0 } = bands[group]?.[at] ?? {};
                      return weight === 0 ? null : (
                        <i
                          key={name}
                          class={tone}
                          style={{ flexGrow: weight }}
                          title={`${name}: ${count(many)} transactions, ${count(weight)} WU`}
                        />
                      );
                    })}
                  </span>
                </td>
                <td class="number">{percent(sum, all)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <figcaption class="soft">
        Satoshis per virtual byte, and the share of the weight that pays so much
        {groups.length > 1 && (
          <span class="keys">
            {groups.map(({ name, tone }) => (
              <span key={name}>
                <i class={tone} aria-hidden="true" />
                {name}
              </span>
            ))}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
