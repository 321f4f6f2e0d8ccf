import type { Random } from '@sv2kit/codec';

/** One iteration: draws an input and feeds it. A throw that is not an error meant for peers is a finding. */
export type Target = (random: Random) => void | Promise<void>;
