import { parseOptions, UsageError } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { choiceWords } from './choices.ts';
import { type Comparison, compareTemplates, type Verdict } from './comparison.ts';
import { diffJson, diffText, type Difference } from './diff-text.ts';
import { lookUpFees } from './fees.ts';
import type { MinersNode } from './miners-node.ts';
import { readChain } from '../node-address.ts';
import { NODE_OPTIONS, nodeHelp, openNode } from './node-options.ts';
import { nodeSide, openSide, type Side, totalFees } from './sides.ts';
import type { TemplateSnapshot, TemplateTransaction } from './snapshot.ts';
import type { Subcommand } from '../subcommands.ts';

const FEW = 5;
const EXITS: Readonly<Record<Verdict, number>> = { same: 0, different: 3, 'other-tip': 4 };

const OPTIONS = { ...NODE_OPTIONS, 'other-cookie': { type: 'string' }, all: { type: 'boolean' } } as const;

const help = `Holds your template against another: what only one of them has, and what that pays.

Usage: sv2kit template diff [MINE] OTHER [OPTIONS]

  OTHER and MINE are each the RPC of a node, http://[USER:PASSWORD@]HOST:PORT, or a template provider,
  stratum2+tcp://HOST:PORT/KEY. MINE is the node of --node when it is left out.

      --other-cookie FILE
                       the cookie file of OTHER, when that is a node
      --all            list every transaction that only one side has, not only the ${FEW} that pay most
${nodeHelp}

A template provider does not say what a transaction pays: your node is asked about those that it can tell.

Examples:
  sv2kit template diff stratum2+tcp://pool.example:8442/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh
  sv2kit template diff http://reader:secret@10.0.0.7:8332 --all
  sv2kit template diff http://127.0.0.1:8332 http://127.0.0.1:8342 --other-cookie /srv/other/.cookie --json

Exit codes: 0 the same transactions on the same tip, 3 other transactions, 4 another tip, 1 failed, 2 wrong usage.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(argv, OPTIONS, 2);
  const chain = readChain(values.chain);
  const [first, second] = positionals;
  if (first === undefined) throw new UsageError('OTHER, what to compare with, is missing');
  if (second !== undefined && values.node !== undefined) throw new UsageError('MINE and --node exclude each other');
  using mine =
    second === undefined ? nodeSide(await openNode(values)) : await openSide(first, { cookie: values.cookie, chain });
  using other = await openSide(second ?? first, { cookie: values['other-cookie'], chain });
  const difference = await differenceOf(mine, other, chain, values.all === true);
  terminal.out(values.json === true ? diffJson(difference) : diffText(difference));
  return EXITS[difference.comparison.verdict];
}

async function differenceOf(
  mySide: Side,
  otherSide: Side,
  wantedChain: ReturnType<typeof readChain>,
  all: boolean,
): Promise<Difference> {
  const [mine, other] = await readBoth(mySide, otherSide);
  if (mine.chain !== undefined && other.chain !== undefined && mine.chain !== other.chain) {
    throw new CommandError(`${mine.from} is on ${mine.chain}, ${other.from} on ${other.chain}`);
  }
  const chain = mine.chain ?? other.chain ?? wantedChain;
  const node = mySide.node ?? otherSide.node;
  const fees = node === undefined ? new Map<string, bigint>() : await unknownFees(mine, other, node);
  const total = { mine: totalFees(mine, chain), other: totalFees(other, chain) };
  const comparison = compareTemplates(mine, other, fees, total);
  const listed = (part: Comparison['onlyMine']): readonly TemplateTransaction[] =>
    all ? part.transactions : part.transactions.slice(0, FEW);
  const [onlyMine, onlyOther] = [listed(comparison.onlyMine), listed(comparison.onlyOther)];
  const isOtherTip = comparison.verdict === 'other-tip';
  return {
    mine,
    other,
    comparison,
    onlyMine: await annotated(onlyMine, (txid) => noteOnMine(txid, mySide.node, otherSide.node)),
    onlyOther: await annotated(onlyOther, (txid) => noteOnOther(txid, mySide.node)),
    ...(isOtherTip && mySide.node !== undefined ? { isTipKnown: await mySide.node.knowsBlock(other.prevHash) } : {}),
  };
}

/** A tip that changes between the two is no difference: who can be asked again at once is. */
async function readBoth(mine: Side, other: Side): Promise<[TemplateSnapshot, TemplateSnapshot]> {
  const both = await Promise.all([mine.read(), other.read()]);
  if (both[0].prevHash === both[1].prevHash) return both;
  const again = (side: Side, before: TemplateSnapshot) => (side.node === undefined ? before : side.read());
  return await Promise.all([again(mine, both[0]), again(other, both[1])]);
}

async function unknownFees(mine: TemplateSnapshot, other: TemplateSnapshot, node: MinersNode) {
  const all = [...mine.transactions, ...other.transactions];
  const known = new Set(all.filter(({ fee }) => fee !== undefined).map(({ txid }) => txid));
  const unknown = all.filter(({ txid }) => !known.has(txid));
  return await lookUpFees(unknown, all, node);
}

async function annotated(
  transactions: readonly TemplateTransaction[],
  note: (txid: string) => Promise<string>,
): Promise<Difference['onlyMine']> {
  const noted: (TemplateTransaction & { readonly note: string })[] = [];
  for (const entry of transactions) noted.push({ ...entry, note: await note(entry.txid) });
  return noted;
}

async function noteOnMine(txid: string, my: MinersNode | undefined, other: MinersNode | undefined): Promise<string> {
  const delta = (await my?.choice(txid)) ?? 0n;
  if (delta !== 0n) return choiceWords(delta);
  if (other === undefined) return '';
  return (await other.mempoolEntry(txid)) === undefined ? 'not in its mempool' : 'in its mempool, not chosen';
}

async function noteOnOther(txid: string, my: MinersNode | undefined): Promise<string> {
  if (my === undefined) return '';
  const delta = await my.choice(txid);
  if (delta !== 0n) return choiceWords(delta);
  return (await my.mempoolEntry(txid)) === undefined ? 'not in your mempool' : 'in your mempool, not chosen';
}

export const diff: Subcommand = { name: 'diff', summary: "Holds your template against the pool's.", help, run };
