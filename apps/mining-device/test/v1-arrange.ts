import { encodeHeader, hashHeader, meetsTarget, merkleRoot, sha256d, targetFromDifficulty } from '@sv2kit/bitcoin';
import { Sv1ClientSession } from '@sv2kit/sv1';
import { V1Miner } from '../src/v1-miner.ts';
import { arrangeRig } from './arrange.ts';

type Line = Readonly<Record<string, unknown>>;

/** What a pool notifies; hexadecimal as on the wire. */
export interface V1Job {
  readonly id: string;
  readonly prevHash: string;
  readonly version: string;
  readonly ntime: string;
  readonly nbits: string;
  readonly clean: boolean;
}
const JOB: V1Job = {
  id: 'a1',
  prevHash: '03020100'.repeat(8),
  version: '20000000',
  ntime: (1_700_000_000).toString(16),
  nbits: '207fffff',
  clean: true,
};
const [COINB1, COINB2, BRANCH] = ['01'.repeat(60), '02'.repeat(70), '5a'.repeat(32)] as const;
/** One hash in 256 is a share. */
export const EASY = 2 ** -24;
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** A V1 miner at a pool that lets it in, and does then what a test says. */
export function arrangeV1({ mask = '1fffe000' as string | null, threads = 1, extranonce2Size = 4 } = {}) {
  const { place, ...arranged } = arrangeRig((found) => miner.onFound(found), threads);
  const session = new Sv1ClientSession({
    host: 'pool.example',
    port: 3333,
    userAgent: 'sv2kit-mining-device/CPU',
    username: 'tester.1',
    password: 'x',
    versionMask: place.versionMask,
  });
  let unread = '';
  /** Lines that the device has sent since the last look. */
  const sent = (): Line[] => {
    unread += Buffer.from(session.drain() ?? new Uint8Array(0)).toString();
    const lines = unread.split('\n');
    unread = '';
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  };
  const ended: string[] = [];
  const miner: V1Miner = new V1Miner(
    {
      session,
      remote: { address: '127.0.0.1', port: 3333 },
      encrypted: false,
      congested: false,
      flush() {},
      flushSoon() {},
      end: (reason) => void ended.push(reason),
    },
    place,
  );
  const hear = (...lines: readonly Line[]): void => {
    const chunk = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    for (const event of session.receive(chunk)) miner.onEvent(event);
  };
  const say = (method: string, ...params: readonly unknown[]): void => hear({ id: null, method, params });
  const job = (changes: Partial<V1Job> = {}): void => {
    const { id, prevHash, version, ntime, nbits, clean } = { ...JOB, ...changes };
    say('mining.notify', id, prevHash, COINB1, COINB2, [BRANCH], version, nbits, ntime, clean);
  };

  session.start();
  for (const { id, method } of sent()) {
    const refused = { 'version-rolling': false };
    if (method === 'mining.configure') {
      const granted = { 'version-rolling': true, 'version-rolling.mask': mask };
      hear({ id, result: mask === null ? refused : granted, error: null });
    } else hear({ id, result: [[['mining.notify', 's1']], 'c0ffee00', extranonce2Size], error: null });
  }
  for (const { id, method } of sent()) if (method === 'mining.authorize') hear({ id, result: true, error: null });
  sent();
  miner.open();
  say('mining.set_difficulty', EASY);
  return { ...arranged, miner, session, sent, ended, hear, say, job };
}
export type ArrangedV1 = ReturnType<typeof arrangeV1>;

/** A submit as a pool reads it. */
export interface Submitted {
  readonly id: unknown;
  readonly username: string;
  readonly jobId: string;
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  readonly versionBits: string | undefined;
}

/** The shares among what was sent. */
export function submits(lines: readonly Line[]): Submitted[] {
  return lines
    .filter(({ method }) => method === 'mining.submit')
    .map(({ id, params }) => {
      const [username, jobId, extranonce2, ntime, nonce, versionBits] = params as string[];
      return { id, username, jobId, extranonce2, ntime, nonce, versionBits } as Submitted;
    });
}

/** What a pool remembers of a job, as far as it is not the usual one. */
export type Memory = Partial<V1Job> & {
  readonly extranonce1?: string;
  readonly mask?: number;
  readonly difficulty?: number;
};

/** How an honest pool judges a share: by the header that its fields and the pool's own memory make. */
export function isShare(share: Submitted, memory: Memory = {}): boolean {
  return meetsTarget(hashHeader(headerOf(share, memory)), targetFromDifficulty(memory.difficulty ?? EASY));
}

/** 80 bytes. */
export function headerOf(
  { extranonce2, ntime, nonce, versionBits = '00000000' }: Submitted,
  { extranonce1 = 'c0ffee00', mask = 0x1fffe000, ...changes }: Memory = {},
): Uint8Array {
  const job = { ...JOB, ...changes };
  const coinbase = bytes(`${COINB1}${extranonce1}${extranonce2}${COINB2}`);
  const bits = Number.parseInt(versionBits, 16);
  return encodeHeader({
    version: ((Number.parseInt(job.version, 16) & ~mask) | (bits & mask)) >>> 0,
    prevHash: bytes(job.prevHash).swap32(),
    merkleRoot: merkleRoot(sha256d(coinbase), [bytes(BRANCH)]),
    ntime: Number.parseInt(ntime, 16),
    nbits: Number.parseInt(job.nbits, 16),
    nonce: Number.parseInt(nonce, 16),
  });
}
