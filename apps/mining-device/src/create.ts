import { type MiningDeviceConfig, threadCount } from './config.ts';
import { MiningDevice, type MiningDeviceDeps } from './device.ts';
import { createThreadEngine } from './thread-engine.ts';

/**
 * Starts a mining device: measures its threads, connects to the first upstream that is there, opens a channel and mines.
 * It goes on for ever, whatever upstreams do.
 */
export async function createMiningDevice(config: MiningDeviceConfig, deps: MiningDeviceDeps): Promise<MiningDevice> {
  const engine = createThreadEngine({ threads: threadCount(config), hashesPerSecond: config.throttle ?? Infinity });
  const device = new MiningDevice(config, deps, engine);
  try {
    await device.start();
  } catch (error) {
    await device.close();
    throw error;
  }
  return device;
}
