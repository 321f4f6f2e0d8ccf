import { displayHash, parseTransaction } from '@sv2kit/bitcoin';
import { type parseOptions, UsageError } from '@sv2kit/daemon';
import { CommandError, reasonOf } from '../command.ts';
import { readInput } from '../decode/input.ts';
import type { Terminal } from '../terminal.ts';
import { choiceWords, EXCLUDED, INCLUDED, kindOf } from './choices.ts';
import type { MinersNode } from './miners-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { inMempool } from './standing.ts';

export const CHOICE_OPTIONS = {
  ...NODE_OPTIONS,
  by: { type: 'string' },
  hex: { type: 'string' },
  ahead: { type: 'boolean' },
  wait: { type: 'boolean' },
  all: { type: 'boolean' },
} as const;
export type ChoiceValues = ReturnType<typeof parseOptions<typeof CHOICE_OPTIONS>>['values'];

/** Changes what the node thinks of a transaction. */
export interface Verb {
  readonly name: string;
  readonly done: string;
  readonly options: readonly (keyof ChoiceValues)[];
  /** Whether the template is then to have the transaction; undefined: as its fee decides. */
  readonly wanted?: boolean;
  act(txid: string, values: ChoiceValues, node: MinersNode, terminal: Terminal): Promise<void>;
}

export const prioritiseVerb: Verb = {
  name: 'prioritise',
  done: 'prioritised',
  options: ['by', 'ahead'],
  async act(txid, values, node) {
    const by = readBy(values.by);
    await mayBeAbsent(txid, values, node);
    const before = await node.choice(txid);
    if (kindOf(before) !== 'prioritised') {
      throw new CommandError(`${txid} is ${choiceWords(before)}: 'sv2kit template forget' that first`);
    }
    await node.prioritise(txid, by);
  },
};

export const excludeVerb: Verb = {
  name: 'exclude',
  done: 'excluded',
  options: ['ahead', 'wait'],
  wanted: false,
  async act(txid, values, node) {
    await mayBeAbsent(txid, values, node);
    await node.prioritise(txid, EXCLUDED - (await node.choice(txid)));
  },
};

export const includeVerb: Verb = {
  name: 'include',
  done: 'included',
  options: ['hex', 'wait'],
  wanted: true,
  async act(txid, values, node, terminal) {
    const raw = values.hex === undefined ? undefined : readRaw(txid, values.hex, terminal);
    if (raw === undefined) await inMempool(txid, node, 'give its bytes with --hex');
    const before = await node.choice(txid);
    await node.prioritise(txid, INCLUDED - before);
    if (raw === undefined || (await node.mempoolEntry(txid)) !== undefined) return;
    try {
      await node.send(raw);
    } catch (error) {
      await node.prioritise(txid, before - INCLUDED);
      throw error;
    }
  },
};

export const forgetVerb: Verb = {
  name: 'forget',
  done: 'forgotten what was chosen about',
  options: ['all'],
  async act(txid, _values, node) {
    const delta = await node.choice(txid);
    if (delta === 0n) throw new CommandError(`nothing was chosen about ${txid} at ${node.url}`);
    await node.prioritise(txid, -delta);
  },
};

async function mayBeAbsent(txid: string, values: ChoiceValues, node: MinersNode): Promise<void> {
  if (values.ahead !== true) await inMempool(txid, node, '--ahead is for when it comes');
}

function readBy(given: string | undefined): bigint {
  if (given === undefined) throw new UsageError('--by SATS is missing');
  const by = /^[+-]?\d{1,14}$/.test(given) ? BigInt(given) : 0n;
  if (by !== 0n && by < INCLUDED / 2n && by > -INCLUDED / 2n) return by;
  throw new UsageError(`--by ${given}: a number of satoshis such as 5000 or -5000 is wanted`);
}

function readRaw(txid: string, given: string, terminal: Terminal): string {
  const bytes = readInput(given, terminal);
  try {
    const actual = displayHash(parseTransaction(bytes).txid);
    if (actual !== txid) throw new CommandError(`--hex is transaction ${actual}, not ${txid}`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`--hex is not a transaction: ${reasonOf(error)}`);
  }
  return Buffer.from(bytes).toString('hex');
}
