import { EXIT, parseOptions } from '@sv2kit/daemon';
import { MAX_BLOCK_WEIGHT } from '@sv2kit/templates';
import type { Terminal } from '../terminal.ts';
import { choiceWords } from './choices.ts';
import { jsonLine } from './json.ts';
import { NODE_OPTIONS, nodeHelp, openNode } from './node-options.ts';
import { amount, bar, feeRate, share, table, whole } from './pictures.ts';
import { feesOf, type TemplateSnapshot, type TemplateTransaction, weightOf } from './snapshot.ts';
import type { Subcommand } from '../subcommands.ts';

const FEW = 5;
const BAR_WIDTH = 30;
/** Satoshis per virtual byte. */
const RATES = [0, 1, 2, 5, 10, 20, 50, 100, 200] as const;

const help = `Shows what your node would have mined now.

Usage: sv2kit template show [OPTIONS]

      --all            every transaction, not only the ${FEW} that pay most
${nodeHelp}

Examples:
  sv2kit template show
  sv2kit template show --node http://127.0.0.1:38332 --cookie ~/.bitcoin/signet/.cookie --all --json
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, { ...NODE_OPTIONS, all: { type: 'boolean' } });
  using node = await openNode(values);
  const [template, choices] = await Promise.all([node.template(), node.choices()]);
  const chosen = new Map(choices.map(({ txid, delta }) => [txid, delta] as const));
  const sorted = template.transactions.toSorted((a, b) => Number((b.fee ?? 0n) - (a.fee ?? 0n)));
  const listed = values.all === true ? sorted : sorted.slice(0, FEW);
  terminal.out(values.json === true ? asJson(template, listed) : asText(template, listed, chosen));
  return EXIT.ok;
}

function asJson(template: TemplateSnapshot, listed: readonly TemplateTransaction[]): string {
  const { from, chain, height, prevHash, transactions, value } = template;
  const sums = { count: transactions.length, weight: weightOf(transactions), fees: feesOf(transactions), value };
  return jsonLine({ from, chain, height, prevHash, ...sums, transactions: listed });
}

function asText(
  template: TemplateSnapshot,
  listed: readonly TemplateTransaction[],
  chosen: ReadonlyMap<string, bigint>,
): string {
  const { from, chain, height, prevHash, transactions, value } = template;
  const weight = weightOf(transactions);
  const facts = table([
    ['node', `${from}, ${chain}`],
    ['height', String(height)],
    ['tip', prevHash],
    ['transactions', whole(transactions.length)],
    ['weight', `${whole(weight)}, ${share(weight / MAX_BLOCK_WEIGHT)} of a block`],
    ['fees', amount(feesOf(transactions))],
    ['with subsidy', amount(value)],
  ]);
  if (transactions.length === 0) return facts;
  const title = listed.length === transactions.length ? 'By fee' : `The ${listed.length} that pay most`;
  const rows = listed.map(({ txid, fee, weight: own }) => {
    const delta = chosen.get(txid);
    return ['', txid, amount(fee), feeRate(fee, own), delta === undefined ? '' : choiceWords(delta)];
  });
  return `${facts}\nWeight by fee rate, sat/vB\n${rates(transactions)}\n${title}\n${table(rows, [2, 3])}`;
}

/** How much of the template's weight pays how much. */
function rates(transactions: readonly TemplateTransaction[]): string {
  const weights = RATES.map(() => 0);
  for (const { fee = 0n, weight } of transactions) {
    const rate = (Number(fee) * 4) / weight;
    const index = RATES.findLastIndex((least) => rate >= least);
    weights[index] = (weights[index] ?? 0) + weight;
  }
  const total = weightOf(transactions);
  const rows = weights.map((weight, index) => {
    const next = RATES[index + 1];
    const range = next === undefined ? `${RATES[index]} and more` : `${RATES[index]} to ${next}`;
    return ['', range, bar(weight / total, BAR_WIDTH).padEnd(BAR_WIDTH), share(weight / total)];
  });
  const last = weights.findLastIndex((weight) => weight > 0);
  const first = weights.findIndex((weight) => weight > 0);
  return table(rows.slice(first, last + 1), [1, 3]);
}

export const show: Subcommand = { name: 'show', summary: 'Shows what your node would have mined now.', help, run };
