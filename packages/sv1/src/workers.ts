/** User names of one connection, asked for and granted. */
export class Workers {
  readonly #most: number;
  readonly #names = new Map<string, 'asked' | 'granted'>();

  constructor(most: number) {
    this.#most = most;
  }

  isGranted(name: string): boolean {
    return this.#names.get(name) === 'granted';
  }

  /** @returns false when there are too many */
  ask(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#names.size >= this.#most) return false;
    this.#names.set(name, 'asked');
    return true;
  }

  grant(name: string): void {
    this.#names.set(name, 'granted');
  }

  /** Makes room again; a name once granted stays so. */
  refuse(name: string): void {
    if (!this.isGranted(name)) this.#names.delete(name);
  }
}
