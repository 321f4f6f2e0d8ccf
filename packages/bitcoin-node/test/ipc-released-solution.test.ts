import { systemClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { type PeerGeneration, ScriptedIpcPeer } from './scripted-ipc-peer.ts';
import { scriptedCoinbase } from './scripted-node.ts';

const RESERVE = { reservedWeight: 8_000, sigops: 400 };
const SOLUTION = { version: 1, ntime: 2, nonce: 3, coinbase: scriptedCoinbase() };
const GENERATIONS: readonly PeerGeneration[] = ['30', '31', '32'];

async function connected(generation: PeerGeneration) {
  const peer = await ScriptedIpcPeer.start(generation);
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  const lane = await client.lane('submit');
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
  if (template === undefined) throw new Error('no template');
  const dispose = async (): Promise<void> => {
    await client.close();
    await peer[Symbol.asyncDispose]();
  };
  return { peer, client, lane, template, [Symbol.asyncDispose]: dispose };
}

test.each(GENERATIONS)(
  'a release that follows on a solution does not take it back on version %s',
  async (generation) => {
    await using world = await connected(generation);
    const { lane, template, client, peer } = world;
    const references = peer.references;
    const verdict = template.submitSolution(lane, SOLUTION);
    template.release();
    expect(await verdict).toMatchObject({ ok: true });
    await client.isTestChain(lane);
    expect(peer.references).toBe(references - 1);
    await expect(template.header(lane)).rejects.toMatchObject({ code: 'released' });
  },
);

test.each(GENERATIONS)('closing waits for a solution that is on its way on version %s', async (generation) => {
  await using world = await connected(generation);
  const { lane, template, client } = world;
  const wait = template.waitNext(await client.lane('wait'), { timeoutMs: 30_000 }).catch(() => undefined);
  const verdict = template.submitSolution(lane, SOLUTION);
  await client.close();
  expect(await verdict).toMatchObject({ ok: true });
  expect(await wait).toBeUndefined();
});

test('the first solution goes out in every way at once, the others in the way that the node knows', async () => {
  await using world = await connected('31');
  const { lane, template, peer } = world;
  const submitted = () => peer.names.filter((name) => name === 'BlockTemplate@10' || name === 'BlockTemplate@7');
  await template.submitSolution(lane, SOLUTION);
  expect(submitted()).toEqual(['BlockTemplate@10', 'BlockTemplate@7']);
  await template.submitSolution(lane, SOLUTION);
  expect(submitted()).toEqual(['BlockTemplate@10', 'BlockTemplate@7', 'BlockTemplate@7']);
});

test('a solution reaches a node of version 31 although the connection dies before it has answered anything', async () => {
  await using world = await connected('31');
  const { lane, template, peer } = world;
  const verdict = template.submitSolution(lane, SOLUTION);
  verdict.catch(() => {});
  await peer.called('BlockTemplate@10');
  peer.disconnect();
  await expect(verdict).rejects.toMatchObject({ code: 'disconnected' });
  expect(peer.names).toContain('BlockTemplate@7');
});
