import type { SetupConnection } from '@sv2kit/codec';
import { eachInSlices, takeLeave } from '@sv2kit/net';
import type { ServerContext } from './context.ts';

/** Of the time that there is, what miners may have to leave by themselves: they go on mining meanwhile. */
const HEAD_START = 1 / 5;
const HEAD_START_MS = 1_000;

/**
 * Takes leave of all miners: each is told to reconnect (§3.6.5), unless that would break it; those that have not left soon
 * after have their channels closed, one connection after the other, and end once what they sent is judged, on disk and
 * answered.
 *
 * @param untilMs when the last has to be ended: unix milliseconds
 */
export async function drain(context: ServerContext, untilMs: number): Promise<void> {
  const { downstreams, acknowledger, config, deps } = context;
  const { clock, log } = deps;
  acknowledger.hurry();
  let told = 0;
  const connections = downstreams.size;
  await eachInSlices([...downstreams], (downstream) => {
    if (isSpared(downstream.connection.setup, config.reconnectExcept ?? [])) return;
    downstream.inviteBack();
    told += 1;
  });
  log.info('taking leave of miners', { connections, told });
  const headStartMs = told === 0 ? 0 : Math.min(HEAD_START_MS, HEAD_START * (untilMs - clock.now()));
  await takeLeave(downstreams, { clock, untilMs, headStartMs });
}

/** Whether a client is of a vendor whose clients cannot bear Reconnect; '' is one that names none. */
function isSpared({ vendor }: SetupConnection, vendors: readonly string[]): boolean {
  return vendors.some((spared) => spared.toLowerCase() === vendor.toLowerCase());
}
