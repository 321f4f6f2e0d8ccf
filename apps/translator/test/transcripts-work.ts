// What a V1 miner makes of its subscription and jobs: headers, by the rules of V1 alone.
import { hashHeader, meetsTarget, merkleRoot, sha256d, targetFromDifficulty } from '@sv2kit/bitcoin';
import { expect } from 'vitest';
import type { Json, MineWish } from './transcripts-format.ts';

/** A mining.notify as its texts. */
export interface HeardJob {
  readonly id: string;
  readonly prevHash: string;
  readonly coinb1: string;
  readonly coinb2: string;
  readonly branches: readonly string[];
  readonly version: string;
  readonly nbits: string;
  readonly ntime: string;
  readonly clean: boolean;
}

export interface HeardSubscription {
  readonly extranonce1: string;
  readonly extranonce2Size: number;
}

const HEX = /^(?:[0-9a-f]{2})*$/;
const HASH = /^[0-9a-f]{64}$/;
const WORD = /^[0-9a-f]{8}$/;
/** Version bits that are rolled where nothing else was settled. */
const USUAL_MASK = 0x1fffe000;

/** The parameters of a mining.notify, every one as firmware wants it. */
export function readJob(params: readonly Json[]): HeardJob {
  const [id, prevHash, coinb1, coinb2, branches, version, nbits, ntime, clean] = params;
  expect(params, 'parameters of mining.notify').toHaveLength(9);
  expect(id, 'job id').toSatisfy(isNumber32);
  expect(prevHash, 'previous hash').toEqual(expect.stringMatching(HASH));
  for (const half of [coinb1, coinb2]) expect(half, 'half of a coinbase').toEqual(expect.stringMatching(HEX));
  expect(branches, 'merkle branches').toSatisfy((all: unknown) => Array.isArray(all) && all.every(isHash));
  for (const word of [version, nbits, ntime]) expect(word, 'word').toEqual(expect.stringMatching(WORD));
  expect(clean, 'clean_jobs').toBeTypeOf('boolean');
  return { id, prevHash, coinb1, coinb2, branches, version, nbits, ntime, clean } as unknown as HeardJob;
}

/** SRI's device reads a job's id as a number. */
function isNumber32(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) && Number(value) <= 0xffffffff;
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && HASH.test(value);
}

/** The words that a submit is made of. */
export interface MinedWords {
  readonly job: string;
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  /** The nonce without leading zeros. */
  readonly nonceShort: string;
  /** The header's version under the usual mask. */
  readonly bits: string;
  /** The header's version XOR the job's. */
  readonly difference: string;
  /** The header's version. */
  readonly version: string;
}

/** Searches a share. @param serial makes it another one than those before */
export function mine(
  { extranonce1, extranonce2Size }: HeardSubscription,
  job: HeardJob,
  { roll = '00000000', ahead = 0, miss }: MineWish,
  difficulty: number,
  serial: number,
): MinedWords {
  const extranonce2 = serial.toString(16).padStart(2 * extranonce2Size, '0');
  const coinbase = Buffer.from(job.coinb1 + extranonce1 + extranonce2 + job.coinb2, 'hex');
  const root = merkleRoot(
    sha256d(coinbase),
    job.branches.map((branch) => Buffer.from(branch, 'hex')),
  );
  const base = Number.parseInt(job.version, 16);
  const version = (base ^ Number.parseInt(roll, 16)) >>> 0;
  const ntime = Number.parseInt(job.ntime, 16) + ahead;
  const header = Buffer.alloc(80);
  header.writeUInt32LE(version, 0);
  Buffer.from(job.prevHash, 'hex').swap32().copy(header, 4);
  header.set(root, 36);
  header.writeUInt32LE(ntime, 68);
  header.writeUInt32LE(Number.parseInt(job.nbits, 16), 72);
  const target = targetFromDifficulty(difficulty);
  for (let nonce = 1; ; nonce += 1) {
    header.writeUInt32LE(nonce, 76);
    if (meetsTarget(hashHeader(header), target) === (miss === true)) continue;
    return {
      job: job.id,
      extranonce2,
      ntime: word(ntime),
      nonce: word(nonce),
      nonceShort: nonce.toString(16),
      bits: word((version & USUAL_MASK) >>> 0),
      difference: word((version ^ base) >>> 0),
      version: word(version),
    };
  }
}

function word(value: number): string {
  return value.toString(16).padStart(8, '0');
}
