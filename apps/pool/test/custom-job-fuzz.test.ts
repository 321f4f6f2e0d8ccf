import { MAX_TARGET, targetFromBigint } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arena, Attacker, jobOf, NOW, PAYOUT, tokenFor, VALUE } from './attack-support.ts';

const bytes = (most: number) => fc.uint8Array({ maxLength: most });
const u32 = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.constantFrom(0, 1, 3, 4, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));
const anything: fc.Arbitrary<Partial<SetCustomMiningJob>> = fc.record(
  {
    version: u32,
    minNtime: u32,
    nbits: u32,
    coinbaseTxVersion: u32,
    coinbasePrefix: bytes(120),
    coinbaseTxInputNSequence: u32,
    coinbaseTxOutputs: fc.oneof(
      bytes(80),
      // A payout of any value between two that break off.
      fc.tuple(bytes(3), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })).map(([rest, value]) => {
        const output = new Uint8Array(11 + rest.length);
        new DataView(output.buffer).setBigUint64(1, value, true);
        output.set([1], 0);
        output.set([1, 0x51, ...rest], 9);
        return output;
      }),
    ),
    coinbaseTxLocktime: u32,
    merklePath: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 20 }),
  },
  { requiredKeys: [] },
);
const tampered = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.nat(3) });

test('whatever bytes a custom job has, it is answered once, and its connection goes on (§5.3.18)', () => {
  const pool = arena(targetFromBigint(1n));
  const modes = fc.constantFrom('full-template', 'coinbase-only');
  fc.assert(
    fc.property(anything, modes, fc.option(tampered, { nil: undefined }), (change, mode, tampering) => {
      pool.clock.advance(300);
      const client = new Attacker(1, pool);
      const channel = client.open('alice', 1.6, MAX_TARGET, 8);
      if (channel === undefined) throw new Error('no channel');
      const design = { outputs: [{ value: VALUE, script: PAYOUT }], tag: 1, depth: 2 };
      const honest = jobOf(design, pool.tipOf(100, 0), channel, { id: channel.id, minNtime: NOW / 1000 });
      const job = { ...honest, ...change };
      const token = tokenFor(job, mode as 'full-template', 'alice');
      const forged = token.slice(0, token.length - (tampering?.cut ?? 0));
      if (tampering !== undefined) forged[tampering.at % forged.length] = tampering.to;
      const answers = client.says({ ...job, miningJobToken: forged });
      const isAnswer = ({ type }: { type: string }) => type.startsWith('SetCustomMiningJob');
      expect(answers.filter(isAnswer)).toHaveLength(1);
      expect(client.ended).toBe(false);
      client.close();
    }),
    { numRuns: 1_000 },
  );
});
