/** A configuration as it is written, line by line. */
export class Draft {
  readonly #lines: string[] = [];

  /** A comment of one line above what comes next. */
  note(text: string): this {
    this.#lines.push(`# ${text}`);
    return this;
  }

  /** `key = value`; undefined is a line that somebody has to fill in, with an example. */
  set(key: string, value: string | number | undefined, example = ''): this {
    this.#lines.push(value === undefined ? `#${key} = ${toml(example)}` : `${key} = ${toml(value)}`);
    return this;
  }

  /** The same, left out where there is none. */
  maybe(key: string, value: string | undefined): this {
    return value === undefined ? this : this.set(key, value);
  }

  /** `[identity]`, `[[nodes]]`. */
  table(header: string): this {
    this.#lines.push('', header);
    return this;
  }

  /** An empty line. */
  gap(): this {
    this.#lines.push('');
    return this;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function toml(value: string | number): string {
  return typeof value === 'number' ? `${value}` : JSON.stringify(value);
}
