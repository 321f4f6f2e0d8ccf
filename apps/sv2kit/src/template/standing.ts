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
  const lines: string[] = [];
  if (entry === undefined) lines.push('not in the mempool');
  else {
    lines.push(`pays ${amount(entry.fee)}, ${feeRate(entry.fee, entry.weight)}, weight ${whole(entry.weight)}`);
    if (delta !== 0n) lines.push(`${choiceWords(delta)}: the node takes it as if it paid ${amount(entry.countsAs)}`);
    if (entry.ancestors > 0) lines.push(`spends from ${counted(entry.ancestors)} of the mempool, which must go with it`);
    if (entry.descendants > 0) {
      lines.push(`${counted(entry.descendants)} of the mempool spend from it, and cannot be mined without it`);
    }
  }
  for (const ancestor of excludedAncestors) lines.push(`stays out as long as ${ancestor}, which it spends from, does`);
  lines.push(isInTemplate ? "in the node's template" : "not in the node's template");
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

function counted(count: number): string {
  return `${whole(count)} transaction${count === 1 ? '' : 's'}`;
}
