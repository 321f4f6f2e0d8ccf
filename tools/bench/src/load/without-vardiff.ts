/** How a service's channels get their targets. */
interface Targets {
  readonly mining: { readonly minDifficulty: number; readonly maxDifficulty: number };
}

/** Vardiff would see a flood in what a load generator sends: every channel keeps the least difficulty. */
export function withoutVardiff<C extends Targets>(config: C): C {
  return { ...config, mining: { ...config.mining, maxDifficulty: config.mining.minDifficulty } };
}
