// What a V1 miner makes of mining.notify, on the product's hashing alone.
import {
  encodeHeader,
  hashHeader,
  meetsTarget,
  merkleRoot,
  sha256d,
  targetFromDifficulty,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import { fromHex, turnWords, wordHex } from './json-lines.ts';

/** A job, with what held when it came. */
export interface V1Job {
  readonly jobId: string;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  readonly branches: readonly Uint8Array[];
  readonly version: number;
  readonly nbits: number;
  readonly ntime: number;
  readonly clean: boolean;
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  readonly difficulty: number;
  readonly versionMask: number;
}

type Held = Pick<V1Job, 'extranonce1' | 'extranonce2Size' | 'difficulty' | 'versionMask'>;

export function readJob(params: readonly unknown[], held: Held): V1Job {
  const [jobId, prevHash, coinb1, coinb2, branches, version, nbits, ntime] = params as readonly string[];
  const word = (digits: string | undefined): number => Number.parseInt(digits ?? '', 16);
  return {
    jobId: jobId ?? '',
    prevHash: turnWords(fromHex(prevHash ?? '')),
    coinb1: fromHex(coinb1 ?? ''),
    coinb2: fromHex(coinb2 ?? ''),
    branches: (branches as unknown as readonly string[]).map(fromHex),
    version: word(version),
    nbits: word(nbits),
    ntime: word(ntime),
    clean: params.at(-1) === true,
    ...held,
  };
}

/** What a submit says behind the user name. */
export interface V1Share {
  readonly jobId: string;
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** Under the mask. */
  readonly versionBits: number | undefined;
}

/** What a scenario wants of a share. */
export interface V1Wish {
  /** The newest when absent. */
  readonly job?: V1Job;
  /** When absent: a share, and no block as long as the share target is easier than the network's: a block would end its job. */
  readonly wanted?: 'block' | 'share' | 'miss';
  /** Instead of what the job says; unix seconds. */
  readonly ntime?: number;
  /** Under the mask, where one is settled. */
  readonly versionBits?: number;
  readonly extranonce2?: Uint8Array;
  /** From where to search on, so that two shares of one job differ. */
  readonly nonce?: number;
  /** Instead of what the miner was told. */
  readonly difficulty?: number;
}

/** A few seconds' worth. */
const MOST_HASHES = 2_000_000;

/** The first nonce whose hash is as wanted. */
export function solve(job: V1Job, wish: Omit<V1Wish, 'job'> = {}): V1Share {
  const { wanted, ntime = job.ntime, versionBits, nonce: from = 0, difficulty = job.difficulty } = wish;
  const { extranonce2 = new Uint8Array(job.extranonce2Size) } = wish;
  const { versionMask: mask, prevHash, nbits, branches } = job;
  const coinbase = Buffer.concat([job.coinb1, job.extranonce1, extranonce2, job.coinb2]);
  const version = versionBits === undefined ? job.version : ((job.version & ~mask) | (versionBits & mask)) >>> 0;
  const root = merkleRoot(sha256d(coinbase), branches);
  const header = encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce: 0 });
  const view = new DataView(header.buffer);
  const network = targetFromNbits(nbits);
  const target = targetFromDifficulty(difficulty);
  const orBlock = wanted === undefined && meetsTarget(target, network);
  const hash = new Uint8Array(32);
  for (let nonce = from; nonce < from + MOST_HASHES; nonce += 1) {
    view.setUint32(76, nonce, true);
    hashHeader(header, hash);
    const isShare = meetsTarget(hash, target);
    const kind = meetsTarget(hash, network) ? 'block' : isShare ? 'share' : 'miss';
    if (orBlock ? !isShare : kind !== (wanted ?? 'share')) continue;
    return { jobId: job.jobId, extranonce2, ntime, nonce, versionBits };
  }
  throw new Error(
    `no ${wanted ?? 'share'} in ${MOST_HASHES} hashes: a difficulty is higher than the scenario believes`,
  );
}

/** A submit's params. */
export function submitParams(username: string, share: V1Share): readonly string[] {
  const { jobId, extranonce2, ntime, nonce, versionBits } = share;
  const params = [username, jobId, Buffer.from(extranonce2).toString('hex'), wordHex(ntime), wordHex(nonce)];
  return versionBits === undefined ? params : [...params, wordHex(versionBits)];
}
