import { createMetrics, Health, Latencies, parseConfig, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { afterEach } from 'vitest';
import { miningDeviceConfig } from '../src/index.ts';
import { MiningDevice, type MiningDeviceDeps } from '../src/device.ts';
import { FakeEngine } from './fake-engine.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** To be closed after the test, the latest first. */
export function closeLater<T extends { close(): Promise<void> }>(resource: T): T {
  opened.push(() => resource.close());
  return resource;
}

export function surroundings() {
  const clock = new VirtualClock();
  const failures: Error[] = [];
  const deps: MiningDeviceDeps = {
    log: silentLogger,
    metrics: createMetrics(),
    health: new Health(clock),
    latencies: new Latencies(),
    events: new Events({ now: () => clock.now() }),
    clock,
    fail: (error) => void failures.push(error),
    random: () => 0,
    security: 'plain',
  };
  return { clock, deps, failures };
}

interface AtUrl {
  readonly url: string;
}

/** @param more lines of the configuration in front of the upstreams */
export const configFor = (pools: readonly AtUrl[], more = '') =>
  parseConfig(
    miningDeviceConfig,
    ['user_identity = "tester.1"', more, ...pools.map(({ url }) => `[[upstreams]]\nurl = "${url}"`)].join('\n'),
    { name: 'mining-device' },
  );

export async function startDevice(pools: readonly AtUrl[], deps: MiningDeviceDeps, more = '') {
  const engine = new FakeEngine();
  const device = closeLater(new MiningDevice(configFor(pools, more), deps, engine));
  await device.start();
  return { device, engine };
}

/** Lets sockets do their work until something is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
