import type { Network } from '@sv2kit/bitcoin';

/** How a node is reached, as a configuration says it. */
export interface NodeKeys {
  readonly ipc?: string;
  readonly url?: string;
  readonly cookieFile?: string;
  readonly user?: string;
  /** `file:PATH`. */
  readonly password?: string;
  readonly zmqHashBlock?: string;
  readonly zmqSequence?: string;
}

/** What a configuration is made of; what is not known is left for somebody to fill in. */
export interface InitFacts {
  readonly role: string;
  readonly chain: Network;
  /** Where blocks pay. */
  readonly address: string | undefined;
  readonly node: NodeKeys;
  /** Where it listens. */
  readonly listen: string;
  /** Above the folders in which roles keep what must not be lost: empty for beside the configuration. */
  readonly dataFolder: string;
  /** File of the authority's key, relative to the configuration; its public key. */
  readonly keyFile: string;
  readonly publicKey: string | undefined;
  /** URLs of servers. */
  readonly templates: string | undefined;
  readonly upstream: string | undefined;
  readonly declarator: string | undefined;
  /** Whom an upstream credits. */
  readonly user: string | undefined;
}
