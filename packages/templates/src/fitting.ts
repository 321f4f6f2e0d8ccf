import { encodeOutputs, merklePathOf, type TxOut, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import { coinbaseFields } from './coinbase-fields.ts';
import type { CoinbaseSpace } from './coinbase-space.ts';
import type { TemplateContent } from './content.ts';
import type { WholeTemplate } from './node-template.ts';
import type { SharedTransaction } from './shared-transactions.ts';

/** A template's transactions cut to what a coinbase leaves room for, and what follows from them. */
export interface FittedTemplate extends TemplateContent {
  readonly transactions: readonly SharedTransaction[];
  /** Of these transactions, in weight units and sigop cost. */
  readonly weight: number;
  readonly sigops: number;
  /** How many of the node's transactions had to go. */
  readonly dropped: number;
}

/** Which of a template's transactions stay. */
interface Selection {
  /** Indexes into the node's transactions, ascending. */
  readonly kept: readonly number[];
  readonly fees: bigint;
  readonly weight: number;
  readonly sigops: number;
}

/**
 * Cuts one whole template to the coinbase space of many clients. Its node reserved space once for everybody
 * (getblocktemplate takes no reservation), so a client that needs more gets a shorter block. Clients with the same
 * needs, and all whose needs the node's own reserve covers, share one result.
 */
export class TemplateFitter {
  readonly #template: WholeTemplate;
  readonly #transactions: readonly SharedTransaction[];
  readonly #all: Selection;
  readonly #results = new Map<string, FittedTemplate>();
  readonly #subsidy: bigint;

  /** @param transactions the template's own, as they are to be kept, in the same order */
  constructor(template: WholeTemplate, transactions: readonly SharedTransaction[]) {
    this.#template = template;
    this.#transactions = transactions;
    this.#all = select(template, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.#subsidy = template.coinbaseValue - this.#all.fees;
  }

  /** The block subsidy in satoshis: what the node's template pays beyond its fees. */
  get subsidy(): bigint {
    return this.#subsidy;
  }

  /**
   * The template for a coinbase of this space (§7.1): transactions that do not fit go, with all that spend from them;
   * fees, merkle path and witness commitment are those of what stays.
   */
  fit(space: CoinbaseSpace): FittedTemplate {
    const weightLeft = this.#template.weightLimit - space.weight;
    const sigopsLeft = this.#template.sigopLimit - space.sigops;
    const whole = this.#all.weight <= weightLeft && this.#all.sigops <= sigopsLeft;
    const key = whole ? 'whole' : `${weightLeft} ${sigopsLeft}`;
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const fitted = this.#assemble(whole ? this.#all : select(this.#template, weightLeft, sigopsLeft));
    this.#results.set(key, fitted);
    return fitted;
  }

  #assemble({ kept, fees, weight, sigops }: Selection): FittedTemplate {
    const transactions = kept.flatMap((index) => this.#transactions[index] ?? []);
    const dropped = this.#transactions.length - transactions.length;
    const outputs = commitmentOutputs(this.#template, transactions, dropped);
    const { height, version, receivedAtMs } = this.#template;
    return {
      height,
      version,
      receivedAtMs,
      coinbase: coinbaseFields(height),
      reserve: undefined,
      transactions,
      fees,
      valueRemaining: this.#subsidy + fees,
      merklePath: merklePathOf(transactions.map((transaction) => transaction.txid)),
      outputs: encodeOutputs(outputs),
      outputsCount: outputs.length,
      weight,
      sigops,
      dropped,
    };
  }
}

/**
 * Takes transactions in the node's order, which is by what they pay, as long as they fit and everything they spend
 * from was taken. What stays is closed under ancestors and keeps its order.
 */
function select(template: WholeTemplate, weightLeft: number, sigopsLeft: number): Selection {
  const taken = new Uint8Array(template.transactions.length);
  const kept: number[] = [];
  let [fees, weight, sigops] = [0n, 0, 0];
  template.transactions.forEach((transaction, index) => {
    if (weight + transaction.weight > weightLeft || sigops + transaction.sigops > sigopsLeft) return;
    if (!transaction.depends.every((parent) => taken[parent] === 1)) return;
    taken[index] = 1;
    kept.push(index);
    fees += transaction.fee;
    weight += transaction.weight;
    sigops += transaction.sigops;
  });
  return { kept, fees, weight, sigops };
}

function commitmentOutputs(
  template: WholeTemplate,
  transactions: readonly SharedTransaction[],
  dropped: number,
): readonly TxOut[] {
  const script = template.defaultWitnessCommitment;
  if (script === undefined) return [];
  if (dropped === 0) return [{ value: 0n, script }]; // as the node computed it
  return [witnessCommitmentOutput(transactions.map((transaction) => transaction.wtxid))];
}
