import { RpcError } from '@sv2kit/bitcoin-node';

/** Reads fields of a node's answer; what is not as promised is an RpcError. */
export class Answer {
  readonly #method: string;
  readonly #record: Readonly<Record<string, unknown>>;

  constructor(method: string, value: unknown) {
    this.#method = method;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#bad('an object');
    this.#record = { ...value };
  }

  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  number(name: string): number {
    const value = this.#record[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#bad(`a number in ${name}`);
    return value;
  }

  /** Whole satoshis. */
  satoshis(name: string): bigint {
    const value = this.number(name);
    if (!Number.isSafeInteger(value)) throw this.#bad(`satoshis in ${name}`);
    return BigInt(value);
  }

  /** An amount that the node shows in bitcoin, in satoshis. */
  bitcoins(name: string): bigint {
    return BigInt(Math.round(this.number(name) * 1e8));
  }

  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== 'string') throw this.#bad(`text in ${name}`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#record[name];
    if (typeof value !== 'boolean') throw this.#bad(`true or false in ${name}`);
    return value;
  }

  list(name: string): readonly Answer[] {
    const value: unknown = this.#record[name];
    if (!Array.isArray(value)) throw this.#bad(`a list in ${name}`);
    return value.map((entry: unknown) => new Answer(this.#method, entry));
  }

  object(name: string): Answer {
    return new Answer(this.#method, this.#record[name]);
  }

  /** Name and value of everything. */
  entries(): [string, Answer][] {
    return Object.entries(this.#record).map(([name, value]) => [name, new Answer(this.#method, value)]);
  }

  #bad(expected: string): RpcError {
    return new RpcError('malformed', `${this.#method}: the answer does not hold ${expected}`, { method: this.#method });
  }
}

/** Lines of JSON hold amounts as numbers: all of Bitcoin's satoshis are whole numbers there. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_name, entry: unknown) => (typeof entry === 'bigint' ? Number(entry) : entry))}\n`;
}
