import { MAX_BLOCK_WEIGHT } from '@sv2kit/templates';
import type { Comparison, Sum } from './comparison.ts';
import { jsonLine } from './json.ts';
import { amount, bar, feeRate, share, table, whole } from './pictures.ts';
import type { TemplateSnapshot, TemplateTransaction } from './snapshot.ts';

const BAR_WIDTH = 40;

type Noted = TemplateTransaction & { readonly note: string };

/** Two templates, compared, and what is to be shown of it. */
export interface Difference {
  readonly mine: TemplateSnapshot;
  readonly other: TemplateSnapshot;
  readonly comparison: Comparison;
  readonly onlyMine: readonly Noted[];
  readonly onlyOther: readonly Noted[];
  /** Whether my node knows the other's tip, where that is another. */
  readonly isTipKnown?: boolean;
}

export function diffText(difference: Difference): string {
  const { mine, other, comparison } = difference;
  const facts = table([
    ['', 'mine', 'theirs'],
    ['from', mine.from, other.from],
    ['height', String(mine.height), String(other.height)],
    ['tip', mine.prevHash, mine.prevHash === other.prevHash ? 'the same' : other.prevHash],
    ['transactions', whole(comparison.mine.count), whole(comparison.other.count)],
    ['weight', weight(comparison.mine), weight(comparison.other)],
    ['fees', amount(comparison.mine.fees), amount(comparison.other.fees)],
  ]);
  const parts = [
    facts,
    picture(comparison),
    listing('Only mine', difference.onlyMine, comparison.onlyMine.count),
    listing('Only theirs', difference.onlyOther, comparison.onlyOther.count),
    `${verdict(difference)}\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

export function diffJson({ mine, other, comparison, onlyMine, onlyOther, isTipKnown }: Difference): string {
  const side = ({ from, chain, height, prevHash }: TemplateSnapshot, sum: Sum) => ({
    from,
    chain,
    height,
    prevHash,
    ...sum,
  });
  const listed = (entries: readonly Noted[]) =>
    entries.map(({ txid, fee, weight: own, note }) => ({ txid, fee: fee ?? null, weight: own, note }));
  return jsonLine({
    verdict: comparison.verdict,
    ...(isTipKnown === undefined ? {} : { otherTipKnown: isTipKnown }),
    mine: side(mine, comparison.mine),
    other: side(other, comparison.other),
    both: comparison.both,
    onlyMine: { ...comparison.onlyMine, transactions: listed(onlyMine) },
    onlyOther: { ...comparison.onlyOther, transactions: listed(onlyOther) },
  });
}

function weight(sum: Sum): string {
  return `${whole(sum.weight)}, ${share(sum.weight / MAX_BLOCK_WEIGHT)} of a block`;
}

/** How much of all the fees, or of all the weight where fees are not known, is in both and in one only. */
function picture({ both, onlyMine, onlyOther }: Comparison): string {
  const sums: readonly (readonly [string, Sum])[] = [
    ['both', both],
    ['only mine', onlyMine],
    ['only theirs', onlyOther],
  ];
  const count = sums.reduce((total, [, sum]) => total + sum.count, 0);
  if (count === 0) return '';
  const byFee = sums.every(([, { fees }]) => fees !== undefined && fees >= 0n);
  const size = (sum: Sum): number => (byFee ? Number(sum.fees ?? 0n) : sum.weight);
  const total = Math.max(
    1,
    sums.reduce((all, [, sum]) => all + size(sum), 0),
  );
  const rows = sums.map(([name, sum]) => [
    '',
    name,
    bar(size(sum) / total, BAR_WIDTH).padEnd(BAR_WIDTH, '·'),
    share(size(sum) / total),
    amount(sum.fees),
    `${whole(sum.count)} transaction${sum.count === 1 ? '' : 's'}`,
  ]);
  return `By ${byFee ? 'fee' : 'weight'}\n${table(rows, [3, 4, 5])}`;
}

function listing(title: string, entries: readonly Noted[], count: number): string {
  if (entries.length === 0) return '';
  const which = entries.length === count ? '' : `, the ${entries.length} that pay most of ${whole(count)}`;
  const rows = entries.map(({ txid, fee, weight: own, note }) => ['', txid, amount(fee), feeRate(fee, own), note]);
  return `${title}${which}\n${table(rows, [2, 3])}`;
}

function verdict({ mine, other, comparison, isTipKnown }: Difference): string {
  switch (comparison.verdict) {
    case 'same':
      return 'The same transactions.';
    case 'different':
      return gain(comparison);
    case 'other-tip': {
      const ahead = other.height - mine.height;
      const blocks = `${Math.abs(ahead)} block${Math.abs(ahead) === 1 ? '' : 's'}`;
      const where = ahead === 0 ? 'on another block of the same height' : `${blocks} ${ahead > 0 ? 'ahead' : 'behind'}`;
      const known =
        isTipKnown === undefined ? '' : `, on a block that your node ${isTipKnown ? 'knows' : 'does not know'}`;
      return `Another tip: they are ${where}${known}.`;
    }
    default:
      return comparison.verdict satisfies never;
  }
}

function gain({ mine, other }: Comparison): string {
  if (mine.fees === undefined || other.fees === undefined) return 'They differ.';
  const more = mine.fees - other.fees;
  if (more === 0n) return 'They differ, and pay the same.';
  return `They differ: mine pays ${amount(more < 0n ? -more : more)} ${more < 0n ? 'less' : 'more'}.`;
}
