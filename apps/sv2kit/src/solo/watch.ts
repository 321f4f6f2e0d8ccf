import type { Clock, Health, Service } from '@sv2kit/daemon';
import { tellConditions } from './conditions.ts';
import { fields, foundBlocks, number, text } from '../stack/status.ts';
import { counted, hashrate } from '../stack/wording.ts';

const LOOK_MS = 1_000;
/** Nobody wants to read the same often. */
const CALM_MS = 60_000;

/** What is looked at beside the service itself. */
export interface Watched {
  readonly clock: Clock;
  readonly health: Pick<Health, 'report'>;
}

/**
 * Tells a person, in a line each, of blocks at once, of the node's answer, the first miner and the loss of the last one
 * too, of what is wrong and that it is well again, and else of how it goes whenever that changes, once a minute at most.
 */
export function watchSolo(solo: Service, { clock, health }: Watched, show: (line: string) => void): Disposable {
  const told = new Map<string, string>();
  let last = '';
  let lastMs = 0;
  let lastPhase: Phase | undefined;
  const say = (line: string): void => show(`${new Date(clock.now()).toLocaleTimeString('en-GB')}  ${line}\n`);
  const lookAtConditions = tellConditions(health, say);
  return clock.every(LOOK_MS, () => {
    lookAtConditions();
    const details = fields(fields(solo.status?.())['jdClient']);
    for (const { hash, height, state } of blocksOf(details)) {
      if (told.get(hash) === state) continue;
      told.set(hash, state);
      say(`block ${height} ${state}: ${hash}`);
    }
    const line = summary(details);
    const phase = phaseOf(details);
    if (line === last || (phase === lastPhase && clock.now() - lastMs < CALM_MS)) return;
    last = line;
    lastMs = clock.now();
    lastPhase = phase;
    say(line);
  });
}

function blocksOf(details: ReturnType<typeof fields>) {
  const list: readonly unknown[] = Array.isArray(details['blocks']) ? details['blocks'] : [];
  const states = new Map(list.map(fields).map((block) => [text(block, 'hash'), text(block, 'state')] as const));
  return foundBlocks(details).map((block) => ({ ...block, state: states.get(block.hash) || 'found' }));
}

type Phase = 'no node' | 'no miner' | 'mining';

function phaseOf(details: ReturnType<typeof fields>): Phase {
  if (number(fields(details['work']), 'height') === 0) return 'no node';
  return number(details, 'channels') === 0 ? 'no miner' : 'mining';
}

function summary(details: ReturnType<typeof fields>): string {
  const height = number(fields(details['work']), 'height');
  if (height === 0) return 'waiting for the node';
  const channels = number(details, 'channels');
  const accepted = number(fields(details['shares']), 'accepted');
  const work = `working on block ${height}`;
  return channels === 0
    ? `${work}, no miner is connected`
    : `${work}, ${counted(channels, 'channel')}, ${hashrate(number(details, 'hashrate'))}, ${counted(accepted, 'share')}`;
}
