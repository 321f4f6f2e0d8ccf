import { Channel } from './channel.ts';
import { LIMITS } from './limits.ts';
import type { NodeTip } from './node.ts';

/** What a way to a node says of its best blocks, as a stream of its own for each reader. */
export async function* tipsOf(
  onTip: (listener: (tip: NodeTip) => void) => Disposable,
  signals: readonly AbortSignal[],
): AsyncGenerator<NodeTip, void, void> {
  const channel = new Channel<NodeTip>(LIMITS.maxWaitingTips);
  using _listener = onTip((tip) => channel.push(tip));
  yield* channel.until(AbortSignal.any([...signals]));
}
