import { encodeCountedOutputs, type TxOut } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { judgeOutputs, pooledOutputs } from '../../src/client/pool-outputs.ts';

const payout: TxOut = { value: 0n, script: Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7)) };
const marker: TxOut = { value: 0n, script: Uint8Array.of(0x6a, 0x01, 0x2a) };

test('reads allocated outputs, the first of which pays the pool (§6.4.3)', () => {
  const verdict = judgeOutputs(encodeCountedOutputs([payout, marker]), payout.script);
  expect(verdict).toMatchObject({ kind: 'agreed', agreed: { outputs: [payout, marker], size: 31 + 12, sigops: 0 } });
});

test.each([
  ['nothing at all', new Uint8Array(0), 'malformed-outputs'],
  ['no output', Uint8Array.of(0), 'malformed-outputs'],
  ['half an output', encodeCountedOutputs([payout]).subarray(0, 12), 'malformed-outputs'],
  ['bytes behind the last output', Uint8Array.of(...encodeCountedOutputs([payout]), 0), 'malformed-outputs'],
  ['an output with a value', encodeCountedOutputs([payout, { ...marker, value: 1n }]), 'outputs-not-zero'],
  ['another payout script', encodeCountedOutputs([marker, payout]), 'unexpected-payout'],
])('refuses %s', (_name, counted, reason) => {
  expect(judgeOutputs(counted, payout.script)).toMatchObject({ kind: 'refused', reason });
});

test('gives the payout output everything and leaves the others as they are, in order (§6.4.3)', () => {
  const verdict = judgeOutputs(encodeCountedOutputs([payout, marker]));
  if (verdict.kind !== 'agreed') throw new Error(verdict.reason);
  expect(pooledOutputs(verdict.agreed, 5_000n)).toEqual([{ ...payout, value: 5_000n }, marker]);
});
