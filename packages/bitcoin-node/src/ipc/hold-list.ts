import type { NodeHeldTemplate } from './held-template.ts';

/** Templates that a reader has: when it forgets to release them, the oldest are. */
export class HoldList {
  readonly #max: number;
  #templates: NodeHeldTemplate[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  add(template: NodeHeldTemplate): void {
    this.#templates = this.#templates.filter(({ isWanted }) => isWanted);
    this.#templates.push(template);
    if (this.#templates.length > this.#max) this.#templates.shift()?.release();
  }
}
