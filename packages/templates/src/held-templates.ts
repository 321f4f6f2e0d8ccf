import { HeldContent, type TemplateContent } from './content.ts';
import type { BlockTransaction, HeldTemplate } from './node-template.ts';
import { reservation } from './reservations.ts';
import type { SharedTransactions } from './shared-transactions.ts';

/** Which content stands for which template of the node, for as long as anybody has either. */
export class HeldTemplates<H extends HeldTemplate> {
  readonly #shelf: SharedTransactions;
  readonly #contents = new WeakMap<H, HeldContent>();
  readonly #origins = new WeakMap<TemplateContent, H>();

  constructor(shelf: SharedTransactions) {
    this.#shelf = shelf;
  }

  /** A template's content: the same one each time. */
  contentOf(template: H): HeldContent {
    const known = this.#contents.get(template);
    if (known !== undefined) return known;
    const content = new HeldContent(template);
    this.#contents.set(template, content);
    this.#origins.set(content, template);
    return content;
  }

  find(template: H): HeldContent | undefined {
    return this.#contents.get(template);
  }

  /** The template behind a content, if the node holds one. */
  originOf(content: TemplateContent): H | undefined {
    return this.#origins.get(content);
  }

  /** A template's transactions came. */
  complete(template: H, transactions: readonly BlockTransaction[]): void {
    const content = this.#contents.get(template);
    if (content === undefined || content.transactions !== undefined) return;
    if (!content.fits(transactions)) throw new Error('these are not the transactions of this template');
    content.complete(this.#shelf.share(reservation(content.reserve).key, transactions));
  }
}
