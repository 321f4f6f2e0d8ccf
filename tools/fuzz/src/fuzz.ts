import type { Random } from '@sv2kit/codec';
import { seeded } from './random.ts';
import type { Target } from './target.ts';

/** An input that a target could not stand; `seed` and `iteration` bring it back. */
export class Finding extends Error {
  override readonly name = 'Finding';
  constructor(target: string, seed: number, iteration: number, cause: unknown) {
    super(`${target} failed: npm run fuzz -- --seed ${seed} --iteration ${iteration} ${target}`, { cause });
  }
}

/** The numbers that one iteration of a target draws. */
const inputOf = (seed: number, iteration: number): Random => seeded(Math.imul(seed, 0x9e3779b1) ^ iteration);

/** Runs iterations of a target while `goOn` says so; returns how many ran. */
export async function fuzz(
  name: string,
  target: Target,
  seed: number,
  goOn: (iteration: number) => boolean,
): Promise<number> {
  let iteration = 0;
  for (; goOn(iteration); iteration += 1) await attempt(name, target, seed, iteration);
  return iteration;
}

export async function attempt(name: string, target: Target, seed: number, iteration: number): Promise<void> {
  try {
    await target(inputOf(seed, iteration));
  } catch (error) {
    throw new Finding(name, seed, iteration, error);
  }
}
