/** Why each endpoint of a list is not in use, as of its last try: constant while every try ends as the one before. */
export class Failures {
  readonly #names: readonly string[];
  readonly #words: (string | undefined)[] = [];

  /** @param names of the endpoints, in order */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** @returns what to say of it alone */
  note(index: number, why: string): string {
    const words = `${this.#names[index]}: ${why}`;
    this.#words[index] = words;
    return words;
  }

  /** One serves. */
  clear(): void {
    this.#words.length = 0;
  }

  /** Of all that were tried; undefined when none was. */
  get all(): string | undefined {
    const known = this.#words.filter((words) => words !== undefined);
    return known.length === 0 ? undefined : known.join('; ');
  }
}
