import { compareTargets } from '@sv2kit/bitcoin';
import type { Downstream } from './downstream.ts';

/** What a server's miners are together, as an upstream wants to know it of one channel (§5.3.7). */
export interface Demand {
  /** Hashes per second: as shares show it, of channels without any as they state it. */
  readonly hashrate: number;
  /** Hashes per second, as all of them state it. */
  readonly nominal: number;
  /** The smallest target of a channel; undefined without channels. */
  readonly hardestTarget: Uint8Array | undefined;
  readonly channels: number;
}

export function demandOf(downstreams: Iterable<Downstream>): Demand {
  let [hashrate, nominal, channels] = [0, 0, 0];
  let hardestTarget: Uint8Array | undefined;
  for (const { miners } of downstreams) {
    for (const { channel, nominalHashRate, accepted, vardiff } of miners) {
      channels += 1;
      nominal += nominalHashRate;
      hashrate += accepted > 0 ? vardiff.hashrate : nominalHashRate;
      const { target } = channel;
      if (hardestTarget === undefined || compareTargets(target, hardestTarget) < 0) hardestTarget = target;
    }
  }
  return { hashrate, nominal, hardestTarget, channels };
}
