import type { Clock, Logger } from '@sv2kit/daemon';
import type { MinerPhase } from './reactions.ts';
import type { Found, Rig } from './rig.ts';
import type { ShareLog } from './share-log.ts';

/** What a device speaks. */
export type DeviceProtocol = 'sv1' | 'sv2';

/** One connection to a server that gives work, whichever Stratum it speaks. */
export interface Workplace {
  readonly protocol: DeviceProtocol;
  /** A thread has found a share. */
  onFound(found: Found): void;
  /** The device's hashrate is another than the server knows; not every protocol has a word for it. */
  tellHashrate(): void;
  /** Takes leave in good order. */
  close(): void;
}

/** What the device as a whole wants to know. */
export interface WorkplaceListener {
  onPhase(phase: MinerPhase): void;
  onWork(newTip: boolean): void;
  /** @param type one of a few words */
  onUnexpected(type: string): void;
  /** A share went out. @param block whether its hash also meets the network's target */
  onShare(difficulty: number, block: boolean): void;
}

/** What of the device a connection works with. */
export interface WorkplaceDeps {
  readonly rig: Rig;
  readonly shares: ShareLog;
  /** Version bits that the device rolls where it may. */
  readonly versionMask: number;
  readonly listener: WorkplaceListener;
  readonly clock: Clock;
  readonly log: Logger;
}
