import fc from 'fast-check';
import { test } from 'vitest';
import { World } from './held-world.ts';

type Step = (world: World) => void;
const id = fc.integer({ min: 1, max: 6 });
const size = fc.constantFrom(0, 43, 300, 1000, 5000, 60_000, 999_000);
const stream = (behind: readonly number[]) =>
  fc.tuple(fc.nat(8), fc.nat(3), fc.constantFrom(...behind)).map(
    (args): Step =>
      (world) =>
        world.stream(...args),
  );
const steps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(id, size, fc.constantFrom(0, 4, 400)).map(
      (args): Step =>
        (world) =>
          world.constrain(...args),
    ),
  },
  { weight: 6, arbitrary: stream([0]) },
  { weight: 1, arbitrary: stream([1, 2]) },
  {
    weight: 1,
    arbitrary: id.map(
      (who): Step =>
        (world) =>
          world.leave(who),
    ),
  },
  {
    weight: 1,
    arbitrary: id.map(
      (who): Step =>
        (world) =>
          world.server.pause(who),
    ),
  },
  {
    weight: 1,
    arbitrary: id.map(
      (who): Step =>
        (world) =>
          world.deliver(world.server.resume(who, world.now)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(4).map(
      (index): Step =>
        (world) =>
          world.complete(index),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step>(
      (world) => world.whole(),
      (world) => world.grow(),
      (world) => {
        world.grow();
        world.announce();
      },
      (world) => world.withdraw(),
      (world) => {
        world.server.emptyAhead = !world.server.emptyAhead;
      },
      ...[10, 300, 5000, 12_000].map(
        (ms): Step =>
          (world) =>
            world.tick(ms),
      ),
    ),
  },
);

test('whatever happens, no client gets a template that keeps free less than it needs, nor one that may be forgotten (§7)', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80, size: 'max' }), (sequence) => {
      const world = new World();
      for (const step of sequence) {
        step(world);
        world.check();
      }
      world.settle();
      world.check();
      world.end();
    }),
    { numRuns: 200 },
  );
});
