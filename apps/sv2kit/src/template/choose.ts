import { EXIT, parseOptions, systemClock, UsageError } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { jsonLine } from './json.ts';
import type { MinersNode } from './miners-node.ts';
import { nodeHelp, openNode } from './node-options.ts';
import { type Standing, standingJson, standingOf, standingText } from './standing.ts';
import type { Subcommand } from '../subcommands.ts';
import { readTxid } from './txid.ts';
import {
  CHOICE_OPTIONS,
  type ChoiceValues,
  excludeVerb,
  forgetVerb,
  includeVerb,
  prioritiseVerb,
  type Verb,
} from './verbs.ts';

const POLL_MS = 500;
const WAIT_MS = 30_000;

const waitHelp = `      --wait           until the node's template shows it, ${WAIT_MS / 1_000} s at most`;
const aheadHelp = '      --ahead          also when the transaction is not in the mempool yet: for when it comes';
const lasting = `The node makes its next template within five seconds. It keeps what was chosen until a block holds the transaction or
you forget it; over a restart too when it was stopped in good order, but not over a crash ('bitcoin-cli savemempool').`;

async function run(verb: Verb, argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(joined(argv), CHOICE_OPTIONS, 1);
  for (const name of ['by', 'hex', 'ahead', 'wait', 'all'] as const) {
    if (values[name] !== undefined && !verb.options.includes(name)) throw new UsageError(`--${name} is not an option`);
  }
  if (values.all === true) return await forgetAll(positionals, values, terminal);
  const txid = readTxid(positionals[0]);
  using node = await openNode(values);
  await verb.act(txid, values, node, terminal);
  const isShown = values.wait !== true || (await shown(txid, verb.wanted === true, node));
  const standing = await standingOf(txid, node);
  if (values.json === true) terminal.out(jsonLine(standingJson(standing)));
  else terminal.out(`${verb.done} ${txid}\n${standingText(standing)}${later(verb, standing)}`);
  if (isShown) return EXIT.ok;
  throw new CommandError(`the node's template does not show it after ${WAIT_MS / 1_000} s`);
}

async function forgetAll(positionals: readonly string[], values: ChoiceValues, terminal: Terminal): Promise<number> {
  if (positionals.length > 0) throw new UsageError('--all and a TXID exclude each other');
  using node = await openNode(values);
  const choices = await node.choices();
  for (const { txid, delta } of choices) await node.prioritise(txid, -delta);
  const forgotten = choices.map(({ txid }) => txid);
  terminal.out(
    values.json === true ? jsonLine({ forgotten }) : forgotten.map((txid) => `forgotten ${txid}\n`).join(''),
  );
  return EXIT.ok;
}

/** What is still to come of it. */
function later({ wanted }: Verb, { isInTemplate, excludedAncestors }: Standing): string {
  const isToCome = wanted !== undefined && wanted !== isInTemplate && excludedAncestors.length === 0;
  return isToCome ? "  the node's next template follows within five seconds\n" : '';
}

async function shown(txid: string, wanted: boolean, node: MinersNode): Promise<boolean> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const { transactions } = await node.template();
    if (transactions.some((transaction) => transaction.txid === txid) === wanted) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    systemClock.after(POLL_MS, resolve);
    await promise;
  }
  return false;
}

/** `--by -5000` is what people write; without this it would have to be `--by=-5000`. */
function joined(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--by');
  const value = argv[at + 1];
  if (at < 0 || value === undefined) return argv;
  return [...argv.slice(0, at), `--by=${value}`, ...argv.slice(at + 2)];
}

const command = (verb: Verb, summary: string, help: string): Subcommand => ({
  name: verb.name,
  summary,
  help,
  run: (argv, terminal) => run(verb, argv, terminal),
});

export const prioritise = command(
  prioritiseVerb,
  'Makes a fee count as more, or less, when your node chooses.',
  `Makes the node choose a transaction as if it paid more, or less. What it pays stays as it is.

Usage: sv2kit template prioritise TXID --by SATS [OPTIONS]

      --by SATS        satoshis to add, or with a minus to take off; several times add up
${aheadHelp}
${nodeHelp}

What it spends from in the mempool comes along with it, on its priority; what spends from it does not.
${lasting}

Examples:
  sv2kit template prioritise 4a5e…a33b --by 50000
  sv2kit template prioritise 4a5e…a33b --by -20000 --chain signet
`,
);

export const exclude = command(
  excludeVerb,
  'Keeps a transaction out of your blocks.',
  `Keeps a transaction, and all that spends from it, out of the node's templates.

Usage: sv2kit template exclude TXID [OPTIONS]

${aheadHelp}
${waitHelp}
${nodeHelp}

It stays in the node's mempool until the node is started again; from then on the node does not take or relay it, and
'forget' alone does not bring it back. What spends from it is not mined either: not even when it is included.
${lasting}
On the same tip template providers of this project follow after half a minute, since it pays less; on a new one at once.

Examples:
  sv2kit template exclude 4a5e…a33b
  sv2kit template exclude 4a5e…a33b --wait --json
`,
);

export const include = command(
  includeVerb,
  'Puts a transaction into your next block, whatever it pays.',
  `Puts a transaction, with all that it spends from, into the node's next template, whatever it pays.

Usage: sv2kit template include TXID [--hex RAW] [OPTIONS]

      --hex RAW        its bytes, where the node does not have it: hexadecimal, a file, or - for standard input. The node
                       takes it even if it pays too little to be relayed, but never if it breaks a rule
${waitHelp}
${nodeHelp}

What spends from it is not brought along. If it spends from something that you have excluded it stays out.
${lasting}

Examples:
  sv2kit template include 4a5e…a33b
  sv2kit template include 4a5e…a33b --hex payment.hex --wait
`,
);

export const forget = command(
  forgetVerb,
  'Leaves a transaction to its fee again.',
  `Takes back what was prioritised, excluded or included: the fee decides again.

Usage: sv2kit template forget TXID|--all [OPTIONS]

      --all            whatever was chosen
${nodeHelp}

A transaction that the node has not taken because it was excluded has to come again: include it with --hex.

Examples:
  sv2kit template forget 4a5e…a33b
  sv2kit template forget --all
`,
);
