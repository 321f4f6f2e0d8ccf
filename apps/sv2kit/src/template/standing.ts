import { CommandError } from '../command.ts';
import { choiceWords, kindOf } from './choices.ts';
import type { MempoolEntry, MinersNode } from './miners-node.ts';
import { amount, feeRate, whole } from './pictures.ts';
import { backToFront } from './txid.ts';

/** How it stands with one transaction at the miner's node. */
export interface Standing {
  readonly txid: string;
  /** What was chosen, in satoshis. */
  readonly delta: bigint;
  readonly entry: MempoolEntry | undefined;
  /** Whether the node's template of this moment has it. */
  readonly isInTemplate: boolean;
  /** Of those that it spends from, the ones that somebody has excluded: it cannot be mined without them. */
  readonly excludedAncestors: readonly string[];
}

export async function standingOf(txid: string, node: MinersNode): Promise<Standing> {
  const [entry, choices, template] = await Promise.all([node.mempoolEntry(txid), node.choices(), node.template()]);
  const excluded = new Set(choices.filter(({ delta }) => kindOf(delta) === 'excluded').map((choice) => choice.txid));
  const ancestors = entry === undefined || entry.ancestors === 0 ? [] : await node.ancestors(txid);
  return {
    txid,
    delta: choices.find((choice) => choice.txid === txid)?.delta ?? 0n,
    entry,
    isInTemplate: template.transactions.some((transaction) => transaction.txid === txid),
    excludedAncestors: ancestors.filter((ancestor) => excluded.has(ancestor)),
  };
}

/** @throws CommandError when it is not in the mempool, with the txid that may have been meant */
export async function inMempool(txid: string, node: MinersNode, otherwise: string): Promise<MempoolEntry> {
  const entry = await node.mempoolEntry(txid);
  if (entry !== undefined) return entry;
  const reversed = backToFront(txid);
  const isReversed = (await node.mempoolEntry(reversed)) !== undefined;
  const hint = isReversed ? `back to front it is: ${reversed}` : otherwise;
  throw new CommandError(`${txid} is not in the mempool of ${node.url}; ${hint}`);
}

export function standingText({ delta, entry, isInTemplate, excludedAncestors }: Standing): string {
  const lines = [
    ...(entry === undefined ? ['not in the mempool'] : mempoolLines(entry)),
    ...(delta === 0n ? [] : [choiceLine(delta, entry)]),
    ...excludedAncestors.map((ancestor) => `stays out as long as ${ancestor} does, which it spends from`),
    isInTemplate ? "in the node's template" : "not in the node's template",
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

export function standingJson({ txid, delta, entry, isInTemplate, excludedAncestors }: Standing): object {
  return {
    txid,
    choice: delta === 0n ? null : kindOf(delta),
    delta,
    mempool: entry ?? null,
    inTemplate: isInTemplate,
    excludedAncestors,
  };
}

function mempoolLines({ fee, weight, ancestors, descendants }: MempoolEntry): string[] {
  return [
    `pays ${amount(fee)}, ${feeRate(fee, weight)}, weight ${whole(weight)}`,
    ...(ancestors === 0 ? [] : [`needs ${counted(ancestors)} of the mempool in the same block, or before`]),
    ...(descendants === 0 ? [] : [`needed by ${counted(descendants)} of the mempool`]),
  ];
}

function choiceLine(delta: bigint, entry: MempoolEntry | undefined): string {
  const words = choiceWords(delta);
  if (kindOf(delta) !== 'prioritised' || entry === undefined) return words;
  return `${words}: chosen as if it paid ${amount(entry.countsAs)}`;
}

function counted(count: number): string {
  return `${whole(count)} transaction${count === 1 ? '' : 's'}`;
}
