import { difficultyOf } from '@sv2kit/payout';
import type { Reader } from '../database.ts';
import { exactOf, maybeNumber, numberOf, textOf } from './cells.ts';
import { countOfNamed } from './names.ts';
import { type Border, borderOf } from './seed.ts';
import type { TotalsAnswer, TotalsArguments } from './types.ts';

export async function totals(reader: Reader, { before }: TotalsArguments): Promise<TotalsAnswer> {
  const [sums] = await reader.all('SELECT * FROM totals');
  const [place] = await reader.all("SELECT position FROM journals WHERE name = 'journal'");
  const [counts] = await reader.all(
    `SELECT (${countOfNamed(reader.dialect, '1 = 1')}) AS workers,
      (SELECT count(*) FROM dead_letters) AS dead, (SELECT min(started_ms) FROM runs) AS since_ms`,
  );
  const blocks = await reader.all('SELECT status, count(*) AS blocks FROM blocks GROUP BY status ORDER BY status');
  const border = await borderOf(reader, before);
  const later = await laterThan(reader, border);
  const codes = await codesBefore(reader, border);
  const work = exactOf(sums?.['work']) - later.work;
  return {
    position: numberOf(place?.['position']),
    accepted: numberOf(sums?.['accepted']) - later.shares,
    rejected: Object.values(codes).reduce((sum, shares) => sum + shares, 0),
    rejectedByCode: codes,
    work,
    difficulty: difficultyOf(work),
    bestDifficulty: later.best < numberOf(sums?.['best']) ? numberOf(sums?.['best']) : await bestBefore(reader, border),
    workers: numberOf(counts?.['workers']),
    blocks: Object.fromEntries(blocks.map((row) => [textOf(row['status']), numberOf(row['blocks'])])),
    deadLetters: numberOf(counts?.['dead']),
    sinceMs: maybeNumber(counts?.['since_ms']),
  };
}

async function laterThan(reader: Reader, { position, slice }: Border) {
  const [row] = await reader.all(
    `SELECT CAST(sum(shares) AS BIGINT) AS shares, ${reader.dialect.sum('work')} AS work, max(best) AS best
    FROM work WHERE slice >= $1 AND channel >= $2`,
    [slice, position],
  );
  return { shares: numberOf(row?.['shares']), work: exactOf(row?.['work']), best: numberOf(row?.['best']) };
}

async function codesBefore(reader: Reader, { position }: Border): Promise<Record<string, number>> {
  const codes: Record<string, number> = {};
  for (const { code, shares } of await reader.all('SELECT code, shares FROM rejection_totals ORDER BY code')) {
    codes[textOf(code)] = numberOf(shares);
  }
  const later = await reader.all(
    'SELECT code, count(*) AS shares FROM shares WHERE position >= $1 AND code IS NOT NULL GROUP BY code',
    [position],
  );
  for (const { code, shares } of later) {
    const left = (codes[textOf(code)] ?? 0) - numberOf(shares);
    if (left > 0) codes[textOf(code)] = left;
    else delete codes[textOf(code)];
  }
  return codes;
}

async function bestBefore(reader: Reader, { position }: Border): Promise<number> {
  const [row] = await reader.all('SELECT max(best) AS best FROM work WHERE channel < $1', [position]);
  return numberOf(row?.['best']);
}
