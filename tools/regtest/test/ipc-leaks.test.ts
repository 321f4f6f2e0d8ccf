// Whether templates that are no longer wanted are let go, on both sides of the socket.
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BackEnd,
  eventually,
  Lab,
  makeTransactions,
  sendTransactions,
  TestTemplateClient,
  usageOf,
} from '../src/index.ts';
import { over } from './over.ts';

const MATURE = 110;
const TRANSACTIONS = 1_500;
const WARM_UP = 40;
const REFRESHES = 200;
/** A template of so many transactions that is never let go costs its node about 100 kB: 20 MB for all. */
const GROWTH_BYTES = 8_000_000;
/** What may be held at one moment: of some tips, for what is on its way. */
const HELD = 24;

over(['ipc'], refreshing);

function refreshing(backEnd: BackEnd): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd, nodeArgs: ['-debug=ipc'] });
    await lab.node.mine(MATURE);
    await sendTransactions(await makeTransactions(lab.node, TRANSACTIONS), lab.node);
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  /** Templates that the node has made for others so far, and those it has let go. */
  async function templates(): Promise<{ created: number; destroyed: number; held: number }> {
    const log = await lab.node.log();
    const count = (word: string) =>
      log.match(new RegExp(`${word} mp::ProxyServerBase<.*BlockTemplate`, 'g'))?.length ?? 0;
    const [created, destroyed] = [count('Creating'), count('Destroying')];
    return { created, destroyed, held: created - destroyed };
  }

  test(`${REFRESHES} new tips leave neither the node nor the provider larger`, async () => {
    const provider = await lab.templateProvider();
    const { port } = provider.service.address;
    await using client = await TestTemplateClient.connect({ port, authority: lab.authority.publicKey });
    await client.ask();
    const refresh = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        const block = await lab.node.prepareBlock();
        await lab.node.call('submitblock', block);
        await client.workOn(await lab.node.bestHash());
        client.events.forget();
      }
    };
    await refresh(WARM_UP);
    const before = await usageOf(lab.node.pid);
    const made = await templates();
    await refresh(REFRESHES);
    const after = await usageOf(lab.node.pid);
    const grown = after.residentBytes - before.residentBytes;
    expect({ grown, little: !(grown > GROWTH_BYTES) }).toEqual({ grown, little: true });
    const { created } = await templates();
    expect(created - made.created).toBeGreaterThanOrEqual(REFRESHES);
    const held = await eventually('the node to hold few templates', async () => {
      const now = await templates();
      return now.held <= HELD ? now.held : undefined;
    });
    expect(held).toBeGreaterThan(0);
    await provider.close();
    await eventually('the node to hold none', async () => (await templates()).held === 0 || undefined);
  });
}
