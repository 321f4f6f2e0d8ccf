import type { Clock } from './host.ts';
import { LIMITS } from './limits.ts';
import type { SubmitResult } from './node.ts';

/** Best first: what one way says of a block stands against what another says. */
const RANKS: readonly SubmitResult['kind'][] = [
  'accepted',
  'duplicate',
  'inconclusive',
  'rejected',
  'unreachable',
  'unable',
];

/**
 * Hands a block over all ways at once. The first that says the node has it is believed, and ends the others. One that
 * says no may be contradicted for some time more. Else the best of what they say is the answer.
 */
export async function raceSubmissions(
  ways: readonly ((stop: AbortSignal) => Promise<SubmitResult>)[],
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<SubmitResult> {
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const { promise: verdict, resolve } = Promise.withResolvers<SubmitResult>();
  const objections: Disposable[] = [];
  const all = ways.map(async (way): Promise<SubmitResult> => {
    try {
      const result = await way(stop);
      if (isTaken(result)) resolve(result);
      else if (result.kind === 'rejected') objections.push(clock.after(LIMITS.secondOpinionMs, () => resolve(result)));
      return result;
    } catch (error) {
      return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
    }
  });
  const last = Promise.all(all).then((results) => {
    const [best] = results.toSorted((a, b) => RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind));
    return best ?? { kind: 'unable' as const, reason: 'there is no way to the node' };
  });
  const result = await Promise.race([verdict, last]);
  over.abort();
  for (const timer of objections) timer[Symbol.dispose]();
  return result;
}

function isTaken({ kind }: SubmitResult): boolean {
  return kind === 'accepted' || kind === 'duplicate' || kind === 'inconclusive';
}
