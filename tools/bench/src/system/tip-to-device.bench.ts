// A new tip at the miner's own node: until a device of its job declarator client has a job on it.
// node tools/bench/src/system/tip-to-device.bench.ts [--transactions 0,4000] [--runs 20] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DeclarationScene } from '../load/declaration-scene.ts';
import { Mempools } from '../load/mempools.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '0,4000' },
    runs: { type: 'string', default: '20' },
    profile: { type: 'string' },
  },
});
const runs = Number(values.runs);
/** For what a tip has stirred up to settle: new templates, declarations. */
const PAUSE_MS = 3_000;
const WARM_UP = 3;

async function tips(count: number): Promise<{ toNode: number[]; toDevice: number[] }> {
  await using scene = await DeclarationScene.open({ emptyAhead: true, profile: values.profile });
  await scene.pooled();
  if (count > 0) await Mempools.fill(scene, { count, missing: 0, runs: 1 });
  await using miner = await scene.clientsMiner();
  await miner.open('extended');
  const [toNode, toDevice]: [number[], number[]] = [[], []];
  for (let run = -WARM_UP; run < runs; run += 1) {
    const block = await scene.miners.prepareBlock();
    await sleep(PAUSE_MS);
    miner.messages.skip();
    const start = performance.now();
    const submitted = scene.miners.call('submitblock', block).then(() => performance.now() - start);
    await miner.next('SetNewPrevHash');
    const atDevice = performance.now() - start;
    const atNode = await submitted;
    if (run < 0) continue;
    toNode.push(atNode);
    toDevice.push(atDevice);
  }
  return { toNode, toDevice };
}

const table = new Table(
  `A block submitted to the miner's node, ${runs} times, all on one machine: milliseconds, median (lowest–highest)`,
  ['transactions in the mempool', '-> the node has answered', '-> new job at a device'],
);
for (const count of values.transactions.split(',').map(Number)) {
  const { toNode, toDevice } = await tips(count);
  table.row(count, spread(toNode, 1), spread(toDevice, 1));
}
