import { EXIT, parseOptions } from '@sv2kit/daemon';
import type { Terminal } from '../terminal.ts';
import { choiceWords, kindOf } from './choices.ts';
import { jsonLine } from './json.ts';
import { NODE_OPTIONS, nodeHelp, openNode } from './node-options.ts';
import { table } from './pictures.ts';
import type { Subcommand } from '../subcommands.ts';

const help = `Lists what was chosen at the node and is not forgotten.

Usage: sv2kit template list [OPTIONS]

${nodeHelp}

Examples:
  sv2kit template list
  sv2kit template list --node http://127.0.0.1:8332 --cookie ~/.bitcoin/.cookie --json
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, NODE_OPTIONS);
  using node = await openNode(values);
  const [choices, template] = await Promise.all([node.choices(), node.template()]);
  const inTemplate = new Set(template.transactions.map(({ txid }) => txid));
  if (values.json === true) {
    const entries = choices.map(({ txid, delta, isInMempool }) => ({
      txid,
      choice: kindOf(delta),
      delta,
      inMempool: isInMempool,
      inTemplate: inTemplate.has(txid),
    }));
    terminal.out(jsonLine(entries));
    return EXIT.ok;
  }
  const rows = choices.map(({ txid, delta, isInMempool }) => [
    txid,
    choiceWords(delta),
    inTemplate.has(txid) ? 'in the template' : isInMempool ? 'in the mempool' : 'not here',
  ]);
  terminal.out(rows.length === 0 ? `nothing is chosen at ${node.url}\n` : table(rows));
  return EXIT.ok;
}

export const list: Subcommand = { name: 'list', summary: 'Lists what you have chosen.', help, run };
