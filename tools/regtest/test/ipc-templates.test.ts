// A template provider on a node's IPC socket, seen by its clients.
import { merklePathOf, parseTransaction } from '@sv2kit/bitcoin';
import { coinbaseSpace } from '@sv2kit/templates';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BackEnd,
  eventually,
  Lab,
  type MadeTransaction,
  makeTransactions,
  sendTransactions,
  SMALL_COINBASE,
  type TemplateWork,
  TestTemplateClient,
} from '../src/index.ts';
import { over } from './over.ts';

/** Blocks until the first rewards can be spent. */
const MATURE = 110;
/** Weight units of a block of these nodes, so that a few hundred transactions are too many for it. */
const BLOCK_WEIGHT = 200_000;
const TOO_MANY = 400;
/** Of a node that fills its blocks: what it does not bother to fill, in weight units. */
const NEGLIGIBLE = 8_000;
/** Seconds: longer than any scenario. */
const NEVER = 86_400;
const LARGE_COINBASE = { coinbaseOutputMaxAdditionalSize: 20_000, coinbaseOutputMaxAdditionalSigops: 2_000 };
const TIPS = 5;

const shown = (hash: Uint8Array): string => Buffer.from(hash).reverse().toString('hex');

over(['ipc', 'ipc+rpc'], servedOver);

function servedOver(backEnd: BackEnd): void {
  let lab: Lab;
  let transactions: MadeTransaction[];
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd, nodeArgs: [`-blockmaxweight=${BLOCK_WEIGHT}`] });
    await lab.node.mine(MATURE);
    transactions = await makeTransactions(lab.node, TOO_MANY);
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  const connect = (port: number): Promise<TestTemplateClient> =>
    TestTemplateClient.connect({ port, authority: lab.authority.publicKey });

  async function clientOf(wishes: { readonly feeInterval?: number } = {}): Promise<TestTemplateClient> {
    const provider = await lab.templateProvider(wishes);
    return await connect(provider.service.address.port);
  }

  /** Solves the work and waits until its block is the node's best. */
  async function expectBlock(client: TestTemplateClient, work?: TemplateWork): Promise<void> {
    const height = (await lab.node.height()) + 1;
    const hash = client.solve(work);
    await lab.node.reach(height);
    expect(await lab.node.bestHash()).toBe(hash);
  }

  test('two clients with different constraints are served at once, each with a block as full as its coinbase lets it be (§7.1)', async () => {
    await sendTransactions(transactions, lab.node);
    const provider = await lab.templateProvider();
    // What comes by RPC instead is cut from a whole template, which knows no such small blocks.
    await eventually('templates to come by IPC', () => {
      const [node] = provider.status()['nodes'] as readonly { readonly state: string; readonly reason?: string }[];
      return (node?.state === 'ok' && node.reason === undefined) || undefined;
    });
    const { port } = provider.service.address;
    await using small = await connect(port);
    await using large = await connect(port);
    await Promise.all([small.ask(SMALL_COINBASE), large.ask(LARGE_COINBASE)]);
    // On a new tip each is served by the node itself, whatever there was before.
    await lab.node.mineEmpty();
    const best = await lab.node.bestHash();
    for (const [client, constraints] of [
      [small, SMALL_COINBASE],
      [large, LARGE_COINBASE],
    ] as const) {
      const room = BLOCK_WEIGHT - coinbaseSpace(constraints).weight;
      const work = await client.work('a template that fills its room', ({ template, tip }) => {
        return shown(tip.prevHash) === best && template.merklePath.length > 0;
      });
      const sent = (await client.transactions(work)).map(parseTransaction);
      const weight = sent.reduce((sum, each) => sum + each.weight, 0);
      expect({ room, weight, spare: room - weight < NEGLIGIBLE }).toEqual({ room, weight, spare: true });
      expect(weight).toBeLessThanOrEqual(room);
      expect(work.template.merklePath).toEqual(merklePathOf(sent.map(({ txid }) => txid)));
    }
    await expectBlock(large);
    await small.workOn(await lab.node.bestHash());
    await expectBlock(small);
  });

  test('a new tip comes through a storm of fees that are not told for a day', async () => {
    await using client = await clientOf({ feeInterval: NEVER });
    await client.ask();
    for (let tip = 0; tip < TIPS; tip += 1) {
      const some = transactions.splice(0, 60);
      const storm = (async () => {
        for (const transaction of some) await sendTransactions([transaction], lab.node);
      })();
      await lab.node.mineEmpty();
      await client.workOn(await lab.node.bestHash());
      await storm;
    }
    await lab.node.mineEmpty();
    const best = await lab.node.bestHash();
    await client.work(
      'a template with all that has come',
      ({ template, tip }) => shown(tip.prevHash) === best && template.merklePath.length > 0,
    );
  });

  test('higher fees on the same tip are news, and a block of the older template is as good (§7.5)', async () => {
    await using client = await clientOf();
    const older = await client.ask();
    await sendTransactions(transactions.slice(0, 20), lab.node);
    const newer = await client.work(
      'a template with the transactions',
      ({ template }) => template.coinbaseTxValueRemaining > older.template.coinbaseTxValueRemaining,
    );
    expect(newer.tip.prevHash).toEqual(older.tip.prevHash);
    await expectBlock(client, older);
    const next = await client.workOn(await lab.node.bestHash());
    await expectBlock(client, next);
  });

  test('a block goes to the node at once while it is asked for transactions and is waited on for fees', async () => {
    await sendTransactions(transactions, lab.node);
    await using client = await clientOf({ feeInterval: NEVER });
    await using other = await connect(
      (await lab.templateProvider({ dataDir: `${lab.folder}/other` })).service.address.port,
    );
    const [work] = await Promise.all([client.ask(), other.ask(LARGE_COINBASE)]);
    const asked = client.transactions(work);
    const others = other.transactions(other.current);
    await expectBlock(client, work);
    const sent = (await asked).map(parseTransaction);
    expect(work.template.merklePath).toEqual(merklePathOf(sent.map(({ txid }) => txid)));
    await others.catch(() => undefined);
  });
}
