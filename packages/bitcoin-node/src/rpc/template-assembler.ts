import type { WholeTemplate, NodeTransaction } from '../node.ts';
import { freshTransaction } from '../decoding/block-assembler.ts';
import type { FreshTemplateTransactions, PackedTemplate } from './packed-template.ts';

const INDEPENDENT: readonly number[] = [];

/** Makes templates of what a decoder sent, in the decoder's order. Transactions known before stay the same objects. */
export class TemplateAssembler {
  #previous: readonly NodeTransaction[] = [];

  assemble(packed: PackedTemplate, receivedAtMs: number): Omit<WholeTemplate, 'bestBlockChanged'> {
    const transactions = this.#transactions(packed);
    this.#previous = transactions;
    const { defaultWitnessCommitment } = packed;
    return {
      kind: 'whole',
      height: packed.height,
      prevHash: packed.prevHash,
      version: packed.version,
      nbits: packed.nbits,
      target: packed.target,
      curtime: packed.curtime,
      mintime: packed.mintime,
      weightLimit: packed.weightLimit,
      sigopLimit: packed.sigopLimit,
      coinbaseValue: BigInt(packed.coinbaseValue),
      transactions,
      ...(defaultWitnessCommitment === undefined ? {} : { defaultWitnessCommitment }),
      receivedAtMs,
    };
  }

  #transactions({ reused, depends, dependsEnds, fresh }: PackedTemplate): NodeTransaction[] {
    const transactions: NodeTransaction[] = [];
    let next = 0;
    let dependsStart = 0;
    for (let index = 0; index < reused.length; index += 1) {
      const dependsEnd = dependsEnds[index] ?? dependsStart;
      const own = dependsStart === dependsEnd ? INDEPENDENT : Array.from(depends.subarray(dependsStart, dependsEnd));
      dependsStart = dependsEnd;
      const before = this.#previous[reused[index] ?? -1];
      if (before === undefined) transactions.push(freshOf(fresh, next++, own));
      else transactions.push(sameList(before.depends, own) ? before : { ...before, depends: own });
    }
    return transactions;
  }
}

function freshOf(fresh: FreshTemplateTransactions, index: number, depends: readonly number[]): NodeTransaction {
  return {
    ...freshTransaction(fresh, index),
    fee: BigInt(fresh.fees[index] ?? 0),
    sigops: fresh.sigops[index] ?? 0,
    depends,
  };
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
