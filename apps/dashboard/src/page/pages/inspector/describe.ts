import type { Captured } from './captured.ts';
import type { Described } from './filter.ts';
import { look, nameOf, summaryOf, type Wire } from './look.ts';

/** A message and what is said of it; made once, and only of what is looked at. */
class Description implements Described {
  readonly captured: Captured;
  readonly name: string;
  readonly #wire: Wire;
  #summary: string | undefined;

  constructor(captured: Captured, wire: Wire) {
    this.captured = captured;
    this.#wire = wire;
    this.name = nameOf(captured, wire);
  }

  get summary(): string {
    this.#summary ??= summaryOf(look(this.captured, this.#wire));
    return this.#summary;
  }
}

const described = new WeakMap<Captured, Description>();

/** What is said of a message. */
export function describe(captured: Captured, wire: Wire): Described {
  let found = described.get(captured);
  if (found === undefined) {
    found = new Description(captured, wire);
    described.set(captured, found);
  }
  return found;
}
