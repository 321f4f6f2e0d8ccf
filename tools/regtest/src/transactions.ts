import type { TxOut } from '@sv2kit/bitcoin';
import { ANYBODY, coinOf, spendTo } from './coins.ts';
import type { TestNode } from './node.ts';
import { OWN_SCRIPTS, type OutputKind, type OwnedCoin, signedTransaction } from './signer.ts';

/** A transaction that a node takes. */
export interface MadeTransaction {
  readonly bytes: Uint8Array;
  /** As the node shows it. */
  readonly txid: string;
  /** Satoshis. */
  readonly fee: bigint;
  readonly weight: number;
}

interface Shape {
  /** What fresh coins it spends. */
  readonly spends: readonly OutputKind[];
  /** Whether its first input is the first output of the transaction before: a chain. */
  readonly child?: boolean;
  readonly pays: readonly OutputKind[];
}

/** Single letters keep the table readable. */
const KINDS: Readonly<Record<string, OutputKind>> = { w: 'p2wpkh', t: 'p2tr', p: 'p2pkh' };
const shape = (spends: string, pays: string, child = false): Shape => ({
  spends: Array.from(spends, (letter) => KINDS[letter] as OutputKind),
  pays: Array.from(pays, (letter) => KINDS[letter] as OutputKind),
  child,
});

/**
 * A block of today in small: mostly one or two inputs, mostly a payment with its change, one in five a child of the
 * transaction before. 4,000 of them weigh a little less than a block may.
 */
const SHAPES: readonly Shape[] = [
  shape('w', 'ww'),
  shape('w', 'wp'),
  shape('', 'wt', true),
  shape('ww', 'wwt'),
  shape('t', 'ttw'),
  shape('tt', 'twww'),
  shape('p', 'ppw'),
  shape('w', 'wtwwp'),
  shape('', 'ww', true),
  shape('', 'twwp', true),
  shape('www', 'wwww'),
  shape('wp', 'wp'),
  shape('t', 'wwwt'),
  shape('pp', 'pw'),
  shape('wt', 'wwpt'),
  shape('ttt', 'ttpw'),
  shape('w', 'wwwwww'),
  shape('p', 'ww', true),
  shape('ww', 'wwt'),
  shape('t', 'tpw'),
];

/** Satoshis a virtual byte, from the cheapest to the dearest. */
const FEE_RATES = 40;
/** Outputs of one transaction that makes coins. */
const FAN_OUT = 2_500;

/**
 * Signed transactions of the shapes and sizes of a real block, parents before children, each with a fee of its own;
 * always the same ones for the same coins. Mines one block, in which their coins are made.
 *
 * @param node - has a mature reward of `mine` left
 */
export async function makeTransactions(node: TestNode, count: number): Promise<MadeTransaction[]> {
  const shapes = Array.from({ length: count }, (_, index) => SHAPES[index % SHAPES.length] as Shape);
  const coins = await makeCoins(
    node,
    shapes.flatMap(({ spends }) => spends),
  );
  const made: MadeTransaction[] = [];
  let change: OwnedCoin | undefined;
  for (const [index, each] of shapes.entries()) {
    const inputs = coins.splice(0, each.spends.length);
    if (each.child === true && change !== undefined) inputs.unshift(change);
    const { transaction, first } = make(inputs, each.pays, 1 + ((index * 7) % FEE_RATES));
    change = first;
    made.push(transaction);
  }
  return made;
}

/**
 * Puts transactions into the mempools of those nodes only, if these cannot tell others. Each node first gets the block
 * that the highest of them has: a node that is behind does not know the coins yet.
 */
export async function sendTransactions(
  transactions: readonly Pick<MadeTransaction, 'bytes'>[],
  ...nodes: readonly TestNode[]
): Promise<void> {
  const height = Math.max(...(await Promise.all(nodes.map((node) => node.height()))));
  await Promise.all(nodes.map((node) => node.reach(height)));
  const calls = transactions.map(({ bytes }) => [Buffer.from(bytes).toString('hex'), 0]);
  await Promise.all(nodes.map((node) => node.callEach('sendrawtransaction', calls)));
}

function make(inputs: readonly OwnedCoin[], pays: readonly OutputKind[], feeRate: number) {
  const total = inputs.reduce((sum, { value }) => sum + value, 0n);
  const draft = signedTransaction(inputs, outputs(pays, total));
  const fee = BigInt(draft.virtualSize() * feeRate);
  const transaction = signedTransaction(inputs, outputs(pays, total - fee));
  const [kind] = pays as readonly [OutputKind];
  const first: OwnedCoin = { kind, txid: transaction.getHash(), index: 0, value: transaction.outs[0]?.value ?? 0n };
  const made: MadeTransaction = {
    bytes: transaction.toBuffer(),
    txid: transaction.getId(),
    fee: total - transaction.outs.reduce((sum, { value }) => sum + value, 0n),
    weight: transaction.weight(),
  };
  return { transaction: made, first };
}

/** Equal parts. */
function outputs(kinds: readonly OutputKind[], total: bigint) {
  return kinds.map((kind) => ({ kind, value: total / BigInt(kinds.length) }));
}

/** Coins of those kinds in the best chain, out of one reward. */
async function makeCoins(node: TestNode, kinds: readonly OutputKind[]): Promise<OwnedCoin[]> {
  const parts = Math.ceil(kinds.length / FAN_OUT);
  let reward = await node.reward();
  const coins: OwnedCoin[] = [];
  const bytes: Uint8Array[] = [];
  const value = reward.value / BigInt(kinds.length + parts);
  for (let part = 0; part < parts; part += 1) {
    const some = kinds.slice(part * FAN_OUT, (part + 1) * FAN_OUT);
    const left = reward.value - value * BigInt(some.length);
    const outputs: TxOut[] = some.map((kind) => ({ value, script: OWN_SCRIPTS[kind] }));
    const transaction = spendTo(reward, [{ value: left, script: ANYBODY }, ...outputs]);
    const coin = coinOf(transaction);
    bytes.push(transaction);
    coins.push(...some.map((kind, index) => ({ kind, txid: coin.txid, index: index + 1, value })));
    reward = coin;
  }
  await node.mineExactly(bytes);
  return coins;
}
