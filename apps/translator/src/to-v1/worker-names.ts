export interface WorkerNamesOptions {
  /** As configured: what shares go under. */
  readonly user: string;
  readonly password: string;
}

/** The user names of one connection to a pool. */
export class WorkerNames {
  readonly #options: WorkerNamesOptions;
  /** Names that the pool knows, beside the configured one. */
  readonly known = 0;

  constructor(options: WorkerNamesOptions) {
    this.#options = options;
  }

  /** The name for a share. @param _identity of the channel or worker */
  of(_identity: string): string {
    return this.#options.user;
  }
}
