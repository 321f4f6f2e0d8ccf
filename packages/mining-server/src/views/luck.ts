import { difficultyFromTarget } from '@sv2kit/bitcoin';
import type { QueryResult } from '@sv2kit/ledger';
import type { SharesView } from '@sv2kit/monitor';

/** Rounds that luck is measured over. */
export const ROUNDS = 100;

/**
 * Effort of the round at hand, and the luck of the latest ones: blocks found by what their work let expect.
 * @param target the network's
 */
export function luckOf(
  { current, rounds }: QueryResult<'rounds'>,
  target: Uint8Array | undefined,
): Pick<SharesView, 'effort' | 'luck'> {
  const efforts = rounds.flatMap(({ effort }) => (effort === undefined ? [] : [effort]));
  const expected = efforts.reduce((sum, effort) => sum + effort, 0);
  return {
    ...(target === undefined ? {} : { effort: current.difficulty / difficultyFromTarget(target) }),
    ...(expected === 0 ? {} : { luck: efforts.length / expected }),
  };
}
