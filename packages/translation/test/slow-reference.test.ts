import { createHash } from 'node:crypto';
import { MAX_TARGET } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extranonce1Of, JobTranslator, MinerChannel, minerSpace, type UpstreamShare } from '../src/index.ts';
import { budget, NOW, NTIME, submitOf, workOf } from './support.ts';

/*
 * A V1 miner and a V2 pool as their protocols describe them, of other parts than the package: hex, JSON, node:crypto, BigInt.
 */

const sha256d = (hex: string): string => sha256(sha256(hex));
const sha256 = (hex: string): string => createHash('sha256').update(hex, 'hex').digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const reversed = (digits: string): string => (digits.match(/../g) ?? []).toReversed().join('');
const littleEndian = (value: number): string => reversed(value.toString(16).padStart(8, '0'));
const number = (hash: string): bigint => BigInt(`0x${reversed(hash)}`);
const root = (coinbase: string, branches: readonly string[]): string =>
  branches.reduce((left, right) => sha256d(left + right), sha256d(coinbase));

interface Found {
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  readonly bits: number;
}

/** What a miner hashes: everything from the text of the line. */
function minersHash(line: Uint8Array, extranonce1: Uint8Array, { extranonce2, ntime, nonce, bits }: Found): string {
  const { params } = JSON.parse(new TextDecoder().decode(line)) as { params: [string, ...string[]] };
  const [, words = '', coinb1, coinb2, branches, version = '', nbits = ''] = params;
  const coinbase = `${coinb1}${hex(extranonce1)}${hex(extranonce2)}${coinb2}`;
  const prevHash = (words.match(/.{8}/g) ?? []).map(reversed).join('');
  const rolled = Number((BigInt(`0x${version}`) & ~0x1fffe000n) | BigInt(bits));
  return sha256d(
    littleEndian(rolled) +
      prevHash +
      root(coinbase, branches as unknown as string[]) +
      littleEndian(ntime) +
      reversed(nbits) +
      littleEndian(nonce),
  );
}

/** What a pool hashes: the job as it sent it, and SubmitSharesExtended (§5.3.12). */
function poolsHash({ space, prevHash, nbits }: ReturnType<typeof workOf>, share: UpstreamShare<string>): string {
  if (space.kind !== 'extended') throw new Error('a standard job');
  const { coinbasePrefix, extranoncePrefix, coinbaseSuffix, merklePath } = space;
  const coinbase = [coinbasePrefix, extranoncePrefix, share.extranonce, coinbaseSuffix].map(hex).join('');
  return sha256d(
    littleEndian(share.version) +
      hex(prevHash) +
      root(coinbase, merklePath.map(hex)) +
      littleEndian(share.ntime) +
      littleEndian(nbits) +
      littleEndian(share.nonce),
  );
}

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
const anyU32 = fc.nat(0xffffffff);
const cases = fc.record({
  // Its fifth byte is no BIP141 marker; where the extranonce stands does not matter to anybody here.
  coinbasePrefix: bytes(0, 300).map((prefix) => prefix.map((byte, at) => (at === 4 ? byte | 1 : byte))),
  coinbaseSuffix: bytes(0, 2_000),
  merklePath: fc.array(bytes(32), { maxLength: 12 }),
  prevHash: bytes(32),
  version: anyU32,
  extranoncePrefix: bytes(0, 16),
  padding: fc.nat(8),
  extranonce2: bytes(2, 8),
  index: fc.nat(0xffff),
  found: fc.record({ ntime: fc.integer({ min: NTIME, max: NTIME + 600 }), nonce: anyU32, bits: fc.nat(0xffff) }),
});

test('miner and pool hash the same header, and it is held against targets to the last bit', () => {
  fc.assert(
    fc.property(
      cases,
      ({ extranonce2, index, padding, found: { bits: rolled, ...place }, version, prevHash, ...space }) => {
        const found = { ...place, extranonce2, bits: (rolled << 13) & 0x1fffe000 };
        const work = workOf({
          version,
          prevHash,
          space: { ...space, extranonceSize: padding + 2 + extranonce2.length },
        });
        const verdict = minerSpace(space.extranoncePrefix, padding + 2 + extranonce2.length, extranonce2.length, index);
        if (verdict.kind !== 'space') throw new Error('no space');
        const job = new JobTranslator().translate(work, NOW);
        const hash = minersHash(job.lineFor(verdict.space, true).bytes(true), extranonce1Of(index), found);
        const judge = (upstreamTarget: Uint8Array, difficulty: number) => {
          const channel = new MinerChannel<string>({ budget: budget() });
          const shared = { space: verdict.space, versionMask: 0x1fffe000, upstream: 'pool', clean: true };
          channel.give(job, { ...shared, upstreamTarget, difficulty }, NOW);
          return channel.judge(submitOf(job.id, { ...found, versionBits: found.bits }), NOW);
        };
        const forwarded = (target: bigint) => {
          const digits = target.toString(16).padStart(64, '0');
          const outcome = judge(Uint8Array.from(Buffer.from(reversed(digits), 'hex')), 2 ** -40);
          return outcome.kind === 'accepted' ? outcome.forward : undefined;
        };
        const share = forwarded(number(hash));
        expect(share && poolsHash(work, share)).toBe(hash);
        expect(forwarded(number(hash) - 1n)).toBeUndefined();
        for (let exponent = 33; exponent >= 29; exponent -= 1) {
          const target = (0xffffn << 208n) << BigInt(exponent);
          const outcome = judge(MAX_TARGET, 2 ** -exponent);
          // Bits that miss may be those of firmware that says how they differ: another header, which may meet it.
          if (number(hash) <= target) expect(outcome).toMatchObject({ kind: 'accepted', work: 2 ** -exponent });
          else if (outcome.kind === 'accepted') expect(outcome.forward?.version).not.toBe(share?.version);
        }
      },
    ),
    { numRuns: 200 },
  );
});
