// Whether templates that are no longer wanted are let go, on both sides of the socket.
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BackEnd,
  eventually,
  Lab,
  makeTransactions,
  type RoleHere,
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

/** What a connection refers to as long as it is there: the interfaces, and a thread for each of its lanes. */
const FIXED = 24;
const LANES = 12;
/** Longer than templates of an older tip are answered for. */
const STALE_MS = 11_000;

over(['ipc'], refreshing);

function refreshing(backEnd: BackEnd): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd, nodeArgs: ['-debug=ipc'] });
    await lab.node.mine(MATURE);
    await sendTransactions(await makeTransactions(lab.node, TRANSACTIONS), lab.node);
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  /** Templates that the node has made over IPC and those it has let go; older nodes do not log that they make one. */
  async function templates(): Promise<{ readonly made: number | undefined; readonly gone: number }> {
    const log = await lab.node.log();
    const count = (line: RegExp) => log.match(line)?.length ?? 0;
    const made = count(/Creating mp::ProxyServerBase<.*BlockTemplate/g);
    return { made: made === 0 ? undefined : made, gone: count(/IPC server destroy .*BlockTemplate/g) };
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
    const { gone } = await templates();
    await refresh(REFRESHES);
    const after = await usageOf(lab.node.pid);
    const grown = after.residentBytes - before.residentBytes;
    expect({ grown, little: !(grown > GROWTH_BYTES) }).toEqual({ grown, little: true });
    // What is stale may be solved for some seconds yet.
    lab.clock.skip(STALE_MS);
    await eventually(
      'the provider to refer to few templates',
      () => {
        const { heldTemplates, ipc } = statusOf(provider);
        const { questions, imports } = ipc;
        return (heldTemplates <= HELD && imports <= HELD + FIXED && questions <= LANES) || undefined;
      },
      () => JSON.stringify(statusOf(provider)),
    );
    await eventually('the node to have let go of what is stale', async () => {
      const now = await templates();
      // Two tips that come close together may share a template.
      const kept = now.made === undefined ? REFRESHES - (now.gone - gone) : now.made - now.gone;
      return kept <= HELD || undefined;
    });
    await provider.close();
    await eventually('the node to hold none', async () => {
      const now = await templates();
      return now.gone === (now.made ?? now.gone) || undefined;
    });
  });
}

interface NodeStatus {
  /** Templates that the provider could still have solved. */
  readonly heldTemplates: number;
  /** Calls without an answer, and capabilities of the node's that are referred to. */
  readonly ipc: { readonly questions: number; readonly imports: number };
}

function statusOf(provider: RoleHere<TemplateProvider>): NodeStatus {
  const [node] = provider.status()['nodes'] as readonly NodeStatus[];
  if (node === undefined) throw new Error('a provider has a node');
  return node;
}
