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
 * Hands a block over all ways at once. The first that says the node has it, and has it as its best, is believed and ends
 * the others. Whatever else one says may be contradicted for some time. Then the best of what they said is the answer.
 */
export async function raceSubmissions(
  ways: readonly ((stop: AbortSignal) => Promise<SubmitResult>)[],
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<SubmitResult> {
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const { promise: verdict, resolve } = Promise.withResolvers<SubmitResult>();
  const said: SubmitResult[] = [];
  const timers: Disposable[] = [];
  const hear = (result: SubmitResult): void => {
    if (over.signal.aborted) return;
    said.push(result);
    if (isFinal(result) || said.length === ways.length) resolve(best(said));
    else if (isAnswer(result)) timers.push(clock.after(LIMITS.secondOpinionMs, () => resolve(best(said))));
  };
  if (ways.length === 0) resolve(best(said));
  for (const way of ways) void resultOf(way(stop)).then(hear);
  const result = await verdict;
  over.abort();
  for (const timer of timers) timer[Symbol.dispose]();
  return result;
}

async function resultOf(way: Promise<SubmitResult>): Promise<SubmitResult> {
  try {
    return await way;
  } catch (error) {
    return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function best(said: readonly SubmitResult[]): SubmitResult {
  const [first] = said.toSorted((a, b) => RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind));
  return first ?? { kind: 'unable', reason: 'there is no way to the node' };
}

function isFinal({ kind }: SubmitResult): boolean {
  return kind === 'accepted' || kind === 'duplicate';
}

/** Whether the node was asked, and said what it thinks. */
function isAnswer({ kind }: SubmitResult): boolean {
  return kind === 'inconclusive' || kind === 'rejected';
}
