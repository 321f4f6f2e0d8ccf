import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../src/index.ts';
import { THREE, World } from './world.ts';

type Step =
  | { readonly do: 'answer'; readonly ok: boolean }
  | { readonly do: 'lose' | 'give up' | 'late close' }
  | { readonly do: 'redirect'; readonly host: string }
  | { readonly do: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), ok: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'give up' as const, 'late close' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redirect' as const), host: fc.constantFrom('', 'x', 'a') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(120_000) }) },
);

async function take(world: World, what: Step): Promise<void> {
  const current = world.connections.at(-1);
  switch (what.do) {
    case 'answer':
      if (world.tries.length > 0) await world.answer(what.ok);
      return;
    case 'lose':
      if (current?.ended === undefined) current?.close();
      break;
    case 'late close':
      for (const connection of world.connections) if (connection.ended !== undefined) connection.close();
      break;
    case 'give up':
      world.upstream.giveUp('useless');
      break;
    case 'redirect':
      if (current?.ended === undefined) current?.reconnect(what.host);
      break;
    case 'pass':
      await world.clock.advanceAsync(what.ms);
      return;
  }
  await world.settle();
}

/** What holds whatever has happened. */
function checkInvariants(world: World): void {
  const { state } = world.upstream;
  const open = world.tries.length;
  switch (state.kind) {
    case 'connecting':
      expect([open, world.held]).toEqual([1, 0]);
      return;
    case 'connected':
      expect(open).toBeLessThanOrEqual(1);
      expect(world.held).toBe(1);
      expect(world.current.ended).toBeUndefined();
      return;
    case 'waiting': {
      const left = state.untilMs - world.clock.now();
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(DEFAULT_POLICY.maxBackoffMs);
      expect([open, world.held, world.clock.pending]).toEqual([0, 0, 1]);
      return;
    }
    case 'closed':
      throw new Error('closed by itself');
  }
}

test('one connection at most, one try at most, bounded waits; and when all are well again, the primary', async () => {
  const scenario = fc.record({
    endpoints: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step, { maxLength: 60 }),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ endpoints, steps, random }) => {
      const world = new World(THREE.slice(0, endpoints), {}, () => random);
      for (const what of steps) {
        await take(world, what);
        checkInvariants(world);
      }
      // Every endpoint serves from now on: the primary is back within the longest bench and a probe.
      const { maxBenchMs, probeMs } = DEFAULT_POLICY;
      for (let passed = 0; passed <= maxBenchMs + 2 * probeMs; passed += probeMs / 2) {
        while (world.tries.length > 0) await world.answer(true);
        await world.clock.advanceAsync(probeMs / 2);
        checkInvariants(world);
      }
      while (world.tries.length > 0) await world.answer(true);
      expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: true });
      const closed = world.upstream.close();
      world.current.close();
      await closed;
      expect([world.tries.length, world.clock.pending, world.held]).toEqual([0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});
