import { BIP323_MASK, MAX_TARGET } from '@sv2kit/bitcoin';
import {
  ExtendedChannel,
  Group,
  JobBoard,
  JobIds,
  NOBODY,
  type Recipe,
  ShareBudget,
  stepNtime,
  type UpstreamJob,
} from '../src/index.ts';

const NOW = 1_704_067_200_000;
const CHANNELS = 1_000;
const PATH_DEPTH = 12;
const recipe: Recipe = {
  payout: NOBODY,
  tag: new Uint8Array(0),
  extranonceSize: 12,
  versionMask: BIP323_MASK,
  numbered: false,
};
const budget = new ShareBudget(1 << 24);
const board = new JobBoard(new JobIds());
const group = new Group<ExtendedChannel>(1, recipe);
for (let index = 0; index < CHANNELS; index += 1) {
  group.add(
    new ExtendedChannel({
      channelId: index + 2,
      extranoncePrefix: Uint8Array.of(1, 2, 3, 4, index >>> 8, index & 0xff),
      extranonceSize: 6,
      target: MAX_TARGET,
      maxTarget: MAX_TARGET,
      budget,
    }),
  );
}
let count = 0;

/** Jobs that differ in the last hash of the path only, as those of one pool and tip may. */
function nextJob(): UpstreamJob {
  count += 1;
  const last = new Uint8Array(32);
  new DataView(last.buffer).setUint32(0, count);
  return {
    coinbasePrefix: new Uint8Array(60).fill(1),
    coinbaseSuffix: new Uint8Array(120).fill(2),
    extranonceSize: 12,
    version: 0x20000000,
    versionMask: BIP323_MASK,
    merklePath: [...Array.from({ length: PATH_DEPTH - 1 }, (_, level) => new Uint8Array(32).fill(level)), last],
    minNtime: NOW / 1000,
    height: 900_000,
  };
}

function send(): void {
  for (const step of group.feed.advance(board)) {
    const minNtime = stepNtime(step, step.source.job(recipe), group.members(), NOW);
    if (minNtime !== undefined) group.apply(step, minNtime, NOW);
  }
}

const tip = { prevHash: new Uint8Array(32), nbits: 0x17034219, minNtime: NOW / 1000, target: new Uint8Array(32) };
board.activate(nextJob(), tip, NOW);
send();

/** What to measure: name -> one iteration. Run by `npm run bench -- mining`. */
export const suite: Record<string, () => void> = {
  'an unnumbered job for a group of 1,000 channels that know 16': () => {
    board.update(nextJob());
    send();
  },
};
