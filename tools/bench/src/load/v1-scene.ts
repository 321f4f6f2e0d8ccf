import type { PlacedProcess } from './placed-process.ts';
import { startPool } from './pool-process.ts';
import { type TemplateSource, templateSource } from './template-source.ts';
import { startTranslator } from './translator-process.ts';
import { openV1Fleet, type V1Fleet } from './v1-fleet.ts';

export interface V1SceneOptions {
  readonly miners: number;
  /** One upstream channel for all of them, not one for each. */
  readonly aggregate: boolean;
  /** One share in so many meets the pool's target too; all of them when absent. */
  readonly every?: number;
  /** Writes CPU profiles of the translator into this folder. */
  readonly profile?: string | undefined;
}

/** V1 miners, a translator, its pool with a journal on disk: each server a process of its own. */
export interface V1Scene extends AsyncDisposable {
  readonly source: TemplateSource;
  readonly pool: PlacedProcess;
  readonly translator: PlacedProcess;
  readonly fleet: V1Fleet;
}

/** Difficulty at which any hash is a share. */
const ONE_HASH = 2 ** -32;

export async function openV1Scene({ miners, aggregate, every = 1, profile }: V1SceneOptions): Promise<V1Scene> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await templateSource());
  const pool = stack.use(await startPool({ templates: source, ...(every > 1 && { difficulty: every * ONE_HASH }) }));
  const translator = stack.use(await startTranslator({ upstream: pool, aggregate, profile }));
  const fleet = await openV1Fleet({ port: translator.port, miners });
  stack.defer(() => fleet.close());
  const all = stack.move();
  return { source, pool, translator, fleet, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
