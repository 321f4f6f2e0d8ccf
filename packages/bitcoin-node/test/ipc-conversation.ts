import { systemClock } from '@sv2kit/daemon';
import { isIpcError } from '../src/ipc/client/ipc-error.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { solve } from './solving.ts';

/** Connects, has the conversation, and closes; a node that is refused was heard of too. */
export async function converseAt(path: string): Promise<Record<string, unknown>> {
  try {
    const client = await MiningClient.connect({ path, clock: systemClock });
    const heard = await converse(client);
    await client.close();
    return heard;
  } catch (error) {
    if (isIpcError(error, 'too-old')) return { refused: error.code };
    throw error;
  }
}

/**
 * What is said to a node while it is recorded, and said again when its answers are played back: one call after another,
 * with nothing in it but what the node answered.
 *
 * @returns what was heard
 */
async function converse(client: MiningClient): Promise<Record<string, unknown>> {
  const { heard, work, wait, template, empty } = await readEverything(client);
  const solved = solve(await empty.header(work), await empty.coinbaseTx(work), await empty.merklePath(work));
  heard['submitted'] = await empty.submitSolution(work, solved);
  const next = await template.waitNext(wait, { timeoutMs: 10_000 });
  heard['nextHeader'] = await next?.header(work);
  if (client.offers('transactionsByWitnessId')) {
    heard['transactions'] = await client.transactionsByWitnessId(work, [new Uint8Array(32)]);
  }
  if (client.offers('rpc')) heard['blockCount'] = await client.rpc(work, 'getblockcount');
  for (const held of [template, empty, next]) held?.release();
  for (const lane of [work, wait]) lane.release();
  heard['importsLeft'] = client.stats.imports;
  return heard;
}

/** The first part of the conversation, in which nothing is sent that was worked out from an answer. */
export async function readEverything(client: MiningClient) {
  const work = await client.lane('work');
  const wait = await client.lane('wait');
  const tip = await client.getTip(work);
  const options = { reservedWeight: 8_000, sigops: 400 };
  const template = await client.createNewBlock(work, options, { cooldown: false });
  const empty = await client.createNewBlock(work, { ...options, useMempool: false }, { cooldown: false });
  if (tip === undefined || template === undefined || empty === undefined) throw new NodeStops();
  const heard: Record<string, unknown> = {
    generation: client.generation,
    isTestChain: await client.isTestChain(work),
    isInitialBlockDownload: await client.isInitialBlockDownload(work),
    tip,
    header: await template.header(work),
    coinbaseTx: await template.coinbaseTx(work),
    merklePath: await template.merklePath(work),
    fees: await template.fees(work),
    sigops: await template.sigops(work),
    block: await template.block(work),
    checked: await client.checkBlock(work, await empty.block(work), { checkPow: false, checkMerkleRoot: false }),
    refused: await client.checkBlock(work, await empty.block(work)),
    sameTip: await client.waitTipChanged(wait, tip.hash, 1),
    noNewTemplate: await empty.waitNext(wait, { timeoutMs: 0 }),
  };
  return { heard, work, wait, template, empty };
}

/** What a null for a tip or a template means. */
export class NodeStops extends Error {}

/** What was heard as JSON: bytes in hex, amounts in digits, what is missing as null. */
export function asJson(heard: unknown): unknown {
  if (heard instanceof Uint8Array) return Buffer.from(heard).toString('hex');
  if (typeof heard === 'bigint') return heard.toString();
  if (Array.isArray(heard)) return heard.map(asJson);
  if (typeof heard === 'object' && heard !== null) {
    return Object.fromEntries(Object.entries(heard).map(([key, value]) => [key, asJson(value)]));
  }
  return heard ?? null;
}
