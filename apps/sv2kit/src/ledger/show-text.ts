import type { QueryResult } from '@sv2kit/ledger';
import { amount, table, whole } from '../template/pictures.ts';

/** What is shown at once. */
export interface Overview {
  /** Records of the journal that the database does not hold yet. */
  readonly uncounted: number;
  readonly totals: QueryResult<'totals'>;
  readonly rounds: QueryResult<'rounds'>['current'];
  readonly workers: QueryResult<'workers'>;
  readonly blocks: QueryResult<'blocks'>;
  readonly owed: QueryResult<'balances'>;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** For people. @param nowMs unix milliseconds */
export function overviewText({ uncounted, totals, rounds, workers, blocks, owed }: Overview, nowMs: number): string {
  const rejected = Object.entries(totals.rejectedByCode).map(([code, count]) => `${whole(count)} ${code}`);
  const facts = table([
    ['shares', `${whole(totals.accepted)} accepted, ${whole(totals.rejected)} rejected`],
    ...(rejected.length === 0 ? [] : [['rejected', rejected.join(', ')]]),
    ['work', difficulty(totals.difficulty)],
    ['best share', difficulty(totals.bestDifficulty)],
    ['this round', `${difficulty(rounds.difficulty)} in ${whole(rounds.shares)} shares`],
    ...(uncounted === 0 ? [] : [['behind', `${whole(uncounted)} records of the journal are not counted yet`]]),
    ...(totals.deadLetters === 0 ? [] : [['set aside', `${whole(totals.deadLetters)} records; see dead_letters`]]),
  ]);
  return [
    facts,
    section(
      'Workers',
      workers,
      ['user', 'worker', 'work', 'shares', 'rejected', 'best', 'last share'],
      [2, 3, 4, 5, 6],
      (row) => [
        visible(row.user),
        visible(row.worker),
        difficulty(row.difficulty),
        whole(row.accepted),
        whole(row.rejected),
        difficulty(row.bestDifficulty),
        ago(row.lastShareAtMs, nowMs),
      ],
    ),
    section('Blocks', blocks, ['height', 'hash', 'status', 'revenue', 'effort', 'found', 'by'], [0, 3, 4, 5], (row) => [
      row.height === undefined ? '?' : whole(row.height),
      row.hash,
      row.status,
      amount(row.revenue),
      effort(row.effort),
      ago(row.foundAtMs, nowMs),
      visible(row.worker === '' ? row.user : `${row.user}.${row.worker}`),
    ]),
    section('Owed', owed, ['account', 'due', 'not yet due', 'paid', 'by coinbases'], [1, 2, 3, 4], (row) => [
      visible(row.account),
      amount(row.balance),
      amount(row.pending),
      amount(row.paid),
      amount(row.direct),
    ]),
  ].join('\n');
}

function section<T>(
  title: string,
  { total, items }: { readonly total: number; readonly items: readonly T[] },
  columns: readonly string[],
  right: readonly number[],
  cells: (item: T) => readonly string[],
): string {
  if (total === 0) return `${title}: none\n`;
  const more = items.length < total ? `  and ${whole(total - items.length)} more\n` : '';
  const rows = [columns, ...items.map(cells)].map((row) => ['', ...row]);
  return `${title}\n${table(
    rows,
    right.map((column) => column + 1),
  )}${more}`;
}

/** `12.3 G`: of difficulty 1. */
function difficulty(value: number): string {
  if (value === 0) return '0';
  if (value < 1000) return value.toPrecision(3);
  const step = Math.min(Math.floor(Math.log10(value) / 3), 6);
  return `${(value / 1000 ** step).toPrecision(4)} ${'kMGTPE'[step - 1] ?? ''}`;
}

function effort(value: number | undefined): string {
  if (value === undefined) return '?';
  return value < 100 ? value.toFixed(2) : difficulty(value);
}

function ago(timeMs: number | undefined, nowMs: number): string {
  if (timeMs === undefined) return '';
  const passed = Math.max(0, nowMs - timeMs);
  const [unit, size] = UNITS.find(([, size]) => passed >= 2 * size) ?? ['s', 1000];
  return `${Math.floor(passed / size)} ${unit} ago`;
}

/** Miners choose their names: what would steer a terminal is not sent to it. */
export function visible(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
}
