/** The node's best block, by what the mining interface says of it. */
export interface TipRef {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly height: number;
}

export interface NewBlockOptions {
  /** An empty block otherwise. */
  readonly useMempool?: boolean;
  /** Weight units kept free for header and coinbase; nodes take 2,000 to 4,000,000. */
  readonly reservedWeight: number;
  /** Sigop cost kept free for the coinbase's outputs; nodes take up to 80,000. */
  readonly sigops: number;
}

/** What the node thinks of a block. The words are Bitcoin Core's: `high-hash`, `duplicate`. */
export interface BlockVerdict {
  readonly ok: boolean;
  readonly reason: string;
  readonly debug: string;
}

/** A solved template. */
export interface TemplateSolution {
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  /** Serialized, with its witness. */
  readonly coinbase: Uint8Array;
}

/** What became of a solution. */
export interface SolutionVerdict {
  readonly ok: boolean;
  readonly reason: string;
  /** Whether `ok` says that the block is valid and new. Older nodes say only that they processed it. */
  readonly exact: boolean;
}

export interface WaitOptions {
  /** The node answers at the latest then. */
  readonly timeoutMs: number;
  /** In satoshis: with so much more in fees the node offers a template on the same tip; `undefined` for new tips only. */
  readonly feeThreshold?: bigint | undefined;
}

/** What nodes have or lack within a generation. */
export const FEATURES = ['submitBlock', 'transactionsByWitnessId', 'rpc'] as const;
export type Feature = (typeof FEATURES)[number];

export interface IpcStats {
  /** Calls sent since the connection was made. */
  readonly calls: number;
  readonly callsInFlight: number;
  /** Questions without an answer and references to the node's objects: they must not grow. */
  readonly questions: number;
  readonly imports: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}
