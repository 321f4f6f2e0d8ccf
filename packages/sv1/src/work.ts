import { bytesToHex, uint32ToHex, bytesFromHex, uint32FromHex } from './hex.ts';
import { type Json, writeRequest } from './envelope.ts';
import { SV1_LIMITS } from './limits.ts';

/** mining.notify: one job. Hashes are in internal byte order here, whatever their order on the wire. */
export interface Notify {
  readonly type: 'notify';
  readonly jobId: string;
  /** 32 bytes, internal byte order. */
  readonly prevHash: Uint8Array;
  /** The coinbase up to extranonce1, and behind extranonce2. */
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  /** Deepest first, internal byte order. */
  readonly merkleBranches: readonly Uint8Array[];
  readonly version: number;
  readonly nbits: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly cleanJobs: boolean;
}

/** A notify as a line with its LF. */
export function writeNotify(job: Notify): string {
  return writeRequest('mining.notify', [
    job.jobId,
    bytesToHex(swapWords(job.prevHash)),
    bytesToHex(job.coinb1),
    bytesToHex(job.coinb2),
    job.merkleBranches.map((branch) => bytesToHex(branch)),
    uint32ToHex(job.version),
    uint32ToHex(job.nbits),
    uint32ToHex(job.ntime),
    job.cleanJobs,
  ]);
}

/** Reads a notify's params; `clean_jobs` is the last of them, wherever that is. The name of a bad one otherwise. */
export function readNotify(params: readonly Json[]): Notify | string {
  const [given, prevHashHex, coinb1Hex, coinb2Hex, branchesHex, versionHex, nbitsHex, ntimeHex] = params;
  const jobId = typeof given === 'number' ? String(given) : given;
  if (typeof jobId !== 'string' || jobId.length > SV1_LIMITS.nameLength) return 'job id';
  const words = bytesFromHex(prevHashHex, 32);
  if (words === undefined) return 'prev hash';
  const coinb1 = bytesFromHex(coinb1Hex, 0, MAX_HALF);
  if (coinb1 === undefined) return 'coinb1';
  const coinb2 = bytesFromHex(coinb2Hex, 0, MAX_HALF);
  if (coinb2 === undefined) return 'coinb2';
  const merkleBranches = readBranches(branchesHex);
  if (merkleBranches === undefined) return 'merkle branches';
  const version = uint32FromHex(versionHex);
  if (version === undefined) return 'version';
  const nbits = uint32FromHex(nbitsHex);
  if (nbits === undefined) return 'nbits';
  const ntime = uint32FromHex(ntimeHex);
  if (ntime === undefined) return 'ntime';
  const last = params.length > 8 ? params.at(-1) : false;
  const cleanJobs = last === true || last === 1 || last === 'true';
  const prevHash = swapWords(words);
  return { type: 'notify', jobId, prevHash, coinb1, coinb2, merkleBranches, version, nbits, ntime, cleanJobs };
}

/** Bytes of half a coinbase: no line is long enough for more. */
const MAX_HALF = 1 << 20;

function readBranches(value: Json | undefined): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > SV1_LIMITS.merkleBranches) return undefined;
  const branches = value.map((branch) => bytesFromHex(branch, 32)).filter((branch) => branch !== undefined);
  return branches.length === value.length ? branches : undefined;
}

/** The bytes of each 4-byte word turned round: a prev hash as notify has it, from internal byte order and back. */
export function swapWords(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 1) swapped[i] = bytes[i ^ 3] ?? 0;
  return swapped;
}
