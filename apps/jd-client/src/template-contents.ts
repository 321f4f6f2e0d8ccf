import { setImmediate as turn } from 'node:timers/promises';
import type { WorkTemplate } from '@sv2kit/mining';
import type { TransactionStore } from '@sv2kit/template-source';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** What a declaration needs of a template's transactions; the coinbase is not among them. */
export interface TemplateContent {
  readonly data: readonly Uint8Array[];
  readonly wtxids: readonly Uint8Array[];
  readonly excessData: Uint8Array;
}

const NOTHING: TemplateContent = { data: [], wtxids: [], excessData: new Uint8Array(0) };

/** Templates' transactions with their ids, worked out without holding the loop. */
export class TemplateContents {
  readonly #transactions: TransactionStore;

  constructor(transactions: TransactionStore) {
    this.#transactions = transactions;
  }

  /** Undefined while it has not come, or is not hashed yet. */
  get(template: WorkTemplate): TemplateContent | undefined {
    if (template.merklePath.length === 0) return NOTHING;
    const content = this.#transactions.get(template);
    return content?.hashSome(JD_CLIENT_LIMITS.hashesAtOnce) === true ? content : undefined;
  }

  /**
   * Resolves when it is there and hashed; thousands may be new, and shares get through between them.
   * @returns whether it came
   */
  async whenThere(template: WorkTemplate, signal: AbortSignal): Promise<boolean> {
    const content = await this.#transactions.wait(template, signal);
    if (content === undefined) return false;
    while (!content.hashSome(JD_CLIENT_LIMITS.hashesAtOnce)) await turn();
    return true;
  }
}
