/** Waits for a template and a tip of the node at the socket named, says so, and waits to be killed. */
import { systemClock } from '@sv2kit/daemon';
import { MiningClient } from '../src/ipc/client/mining-client.ts';

const client = await MiningClient.connect({ path: process.argv[2] ?? '', clock: systemClock });
const lane = await client.lane('work');
const template = await client.createNewBlock(lane, { reservedWeight: 8_000, sigops: 400 }, { cooldown: false });
const tip = await client.getTip(lane);
if (template === undefined || tip === undefined) throw new Error('the node is stopping');
const waits = [
  template.waitNext(await client.lane('wait'), { timeoutMs: 600_000, feeThreshold: 1n }),
  client.waitTipChanged(await client.lane('tip'), tip.hash, 600_000),
];
await client.getTip(lane);
console.log('waiting');
await Promise.all(waits);
