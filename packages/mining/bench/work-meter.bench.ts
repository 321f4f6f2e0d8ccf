import { WorkMeter } from '../src/index.ts';

const NOW = 1_704_067_200_000;
const meters = Array.from({ length: 1_000 }, () => new WorkMeter(NOW));
let count = 0;

function next(): { readonly meter: WorkMeter; readonly nowMs: number } {
  count += 1;
  return { meter: meters[count % meters.length] as WorkMeter, nowMs: NOW + count / 100 };
}

/** What to measure: name -> one iteration. Run by `npm run bench -- mining`. */
export const suite: Record<string, () => void> = {
  'a share on one of 1,000 meters': () => {
    const { meter, nowMs } = next();
    meter.add(1.5, nowMs);
  },
  'four windows of a meter read': () => {
    const { meter, nowMs } = next();
    meter.hashrates(nowMs);
  },
};
