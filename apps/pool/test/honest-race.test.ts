import { MAX_TARGET, targetFromBigint } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arena, Attacker, jobOf, NOW, PAYOUT, tokenFor, type TestTip, VALUE } from './attack-support.ts';

/** What happens around a change of the tip: the miner's node, the pool's template provider, the job declarator's node. */
const event = fc.oneof(
  fc.record({ kind: fc.constantFrom('miner' as const, 'pool' as const, 'declarator' as const) }),
  fc.record({ kind: fc.constant('set' as const), mode: fc.constantFrom('full-template', 'coinbase-only') }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }),
);

test('an honest client is refused a job for its tip alone, whoever is first there and whatever the clocks say (§6.4.5)', () => {
  const settled = { accepted: 0, stale: 0 };
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: -900, max: 900 }), (events, skew) => {
      const pool = arena(targetFromBigint(1n));
      const client = new Attacker(1, pool);
      const channel = client.open('alice.rig', 1.6, MAX_TARGET, 8);
      if (channel === undefined) throw new Error('no channel');
      const at = { miner: 100, pool: 100, declarator: 100 };
      const tipOf = (height: number): TestTip => pool.tipOf(height, 0);
      let requestId = 0;
      const step = (who: keyof typeof at) => {
        if (at[who] > Math.min(at.miner, at.pool, at.declarator)) return;
        at[who] += 1;
        if (who === 'pool') pool.goTo(tipOf(at.pool));
      };
      for (const each of events) {
        pool.clock.advance(20);
        if (each.kind === 'wait') pool.clock.advance(each.ms);
        else if (each.kind !== 'set') step(each.kind);
        else if (each.mode === 'coinbase-only' || at.declarator === at.miner) {
          requestId += 1;
          // A node names no time before the median that its template has to be above.
          const minNtime = Math.max(Math.floor(NOW / 1000) - 1_800, Math.floor(pool.clock.now() / 1000) + skew);
          const design = { outputs: [{ value: VALUE, script: PAYOUT }], tag: requestId % 128, depth: 3 };
          const job = { ...jobOf(design, tipOf(at.miner), channel, { id: channel.id, minNtime }), requestId };
          client.says({ ...job, miningJobToken: tokenFor(job, each.mode as 'full-template', 'alice') });
        }
      }
      while (at.pool < at.miner) step('pool');
      pool.clock.advance(10);
      for (const answer of client.told) {
        if (answer.type === 'SetCustomMiningJobSuccess') settled.accepted += 1;
        if (answer.type !== 'SetCustomMiningJobError') continue;
        // The latter when the pool's template provider has been behind the miner's node for seconds.
        expect(['stale-chain-tip', 'unknown-chain-tip']).toContain(answer.errorCode);
        if (answer.errorCode === 'stale-chain-tip') settled.stale += 1;
      }
    }),
    { numRuns: 300 },
  );
  expect(settled.accepted).toBeGreaterThan(100);
  expect(settled.stale).toBeGreaterThan(10);
});
