import { silentLogger, systemClock } from '@sv2kit/daemon';
import type { Distribution, JournalRecord, JournalState, ProjectionState } from '@sv2kit/ledger';
import type { PayoutsDeps } from '../src/payout/payouts.ts';

/** Surroundings of payouts that remember what happened. */
export interface PayoutsWorld extends PayoutsDeps {
  readonly records: JournalRecord[];
  readonly asked: { readonly window: number; readonly networkDifficulty: number }[];
  readonly said: string[];
  renewals: number;
  nowMs: number;
  journalTakes: boolean;
  state: ProjectionState['kind'];
  answer: () => Promise<Distribution>;
  journalWorksAgain(): void;
}

export const NO_WORK: Distribution = { position: 0, weights: [], work: 0n, full: false };

export function payoutsDeps(): PayoutsWorld {
  const listeners: ((state: JournalState) => void)[] = [];
  const world: PayoutsWorld = {
    records: [],
    asked: [],
    said: [],
    renewals: 0,
    nowMs: 1_800_000_000_000,
    journalTakes: true,
    state: 'ok',
    answer: async () => NO_WORK,
    journal: {
      append(record) {
        if (!world.journalTakes) return Number.POSITIVE_INFINITY;
        world.records.push(record);
        return world.records.length;
      },
      onState: (listener) => void listeners.push(listener),
    },
    journalWorksAgain() {
      world.journalTakes = true;
      for (const listener of listeners) listener({ kind: 'ok' });
    },
    projection: () => ({ kind: world.state, position: 0, lag: 0, deadLetters: 0 }) as ProjectionState,
    distribution(args) {
      world.asked.push(args);
      return world.answer();
    },
    renew: () => void (world.renewals += 1),
    condition: () => ({
      ok: () => void world.said.push('ok'),
      failing: (reason) => void world.said.push(reason),
      lacking: (reason) => void world.said.push(reason),
      remove() {},
    }),
    clock: { ...systemClock, now: () => world.nowMs },
    log: silentLogger,
  };
  return world;
}
