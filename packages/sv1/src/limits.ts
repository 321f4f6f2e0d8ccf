/** What one line may be, before anything of it is parsed. */
export interface LineLimits {
  /** Bytes of a line without its LF. */
  readonly line: number;
  /** Nesting of arrays and objects. */
  readonly depth: number;
  /** Items of one array. */
  readonly items: number;
  /** Keys of one object. */
  readonly keys: number;
  /** Characters of an id as it stands in the line: it is echoed. */
  readonly idLength: number;
}

/** Bounds of a miner's lines. */
export const MINER_LINE_LIMITS: LineLimits = { line: 16_384, depth: 32, items: 100, keys: 50, idLength: 256 };

/** Bounds of a pool's lines: a coinbase that pays hundreds of outputs is tens of kilobytes of hex. */
export const POOL_LINE_LIMITS: LineLimits = { line: 262_144, depth: 32, items: 10_000, keys: 50, idLength: 256 };

/** Named bounds of a Stratum V1 session, on either side. */
export interface Sv1Limits {
  /** Lines that are no message, since the last good one, before the connection ends. */
  readonly malformedLines: number;
  /** Requests of a miner that wait for their answers. */
  readonly unansweredRequests: number;
  /** Shares sent to a pool that wait for their answers; the oldest is forgotten. */
  readonly unansweredShares: number;
  /** User names of one connection. */
  readonly workers: number;
  /** Characters of a user name, password, user agent, session or job id that are kept. */
  readonly nameLength: number;
  /** Hex digits of an extranonce, each half: 32 bytes. */
  readonly extranonceDigits: number;
  /** Largest difficulty that is believed; what is beyond it is noise. */
  readonly mostDifficulty: number;
  /** Hashes of a merkle path. */
  readonly merkleBranches: number;
}

export const SV1_LIMITS: Sv1Limits = {
  malformedLines: 2,
  unansweredRequests: 1_024,
  unansweredShares: 10_000,
  workers: 64,
  nameLength: 255,
  extranonceDigits: 64,
  mostDifficulty: 2 ** 60,
  merkleBranches: 32,
};
