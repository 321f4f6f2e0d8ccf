import { fromDisplayHash } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChainView, InvalidBranch } from '../src/guard/chain-view.ts';
import { ClockWatch } from '../src/guard/clock-watch.ts';
import { judgeChain } from '../src/guard/judge.ts';
import { type ChainGuardOptions, createNode, LIMITS, type MiningNode, type NodeTemplate } from '../src/index.ts';
import { FakeNode, templateJson } from './fake-node.ts';

const NOW = 1_700_000_000;
const RULES = { mostBlocksBehind: 6 };
const [OURS, THEIRS] = ['ab'.repeat(32), 'cd'.repeat(32)];

function view(changes: Partial<ChainView> = {}): ChainView {
  return {
    chain: 'main',
    blocks: 1_000,
    headers: 1_000,
    isDownloading: false,
    work: 5_000n,
    known: [],
    invalid: [],
    peerHeights: [],
    peerHeaders: [],
    nodeTimeMs: undefined,
    peerOffsets: [],
    ...changes,
  };
}

/** Forbidden from the block on that follows on 990. */
function branch(changes: Partial<InvalidBranch> = {}): InvalidBranch {
  return { height: 1_007, hash: THEIRS, forkHeight: 990, forkTime: NOW - 6_000, work: 5_100n, ...changes };
}

const judged = (changes: Partial<ChainView>) => judgeChain(view(changes), RULES, NOW)?.as;

describe('a chain is refused', () => {
  test.each<[string, Partial<ChainView>, 'wrong-chain' | 'behind' | undefined]>([
    ['not when all is well', {}, undefined],
    ['when it lacks a known block', { known: [{ height: 9, expected: OURS, actual: THEIRS }] }, 'wrong-chain'],
    ['not when it has a known block', { known: [{ height: 9, expected: OURS, actual: OURS }] }, undefined],
    ['when a branch that it forbids has more work', { invalid: [branch()] }, 'wrong-chain'],
    ['not when that branch is one block ahead', { invalid: [branch({ height: 1_001 })] }, undefined],
    ['not when that branch has less work', { invalid: [branch({ work: 4_000n })] }, undefined],
    ['not when a known block has decided', { invalid: [branch()], known: [known(991)] }, undefined],
    ['when a known block is below the fork', { invalid: [branch()], known: [known(989)] }, 'wrong-chain'],
    ['when blocks no longer come since a fork', { invalid: [late({ found: 0, due: 14 })] }, 'wrong-chain'],
    ['not when some are late', { invalid: [late({ found: 0, due: 13 })] }, undefined],
    ['when too few come since a fork', { invalid: [late({ found: 10, due: 54 })] }, 'wrong-chain'],
    ['not when a third of the miners stay', { invalid: [late({ found: 500, due: 1_500 })] }, undefined],
    [
      'not where blocks come when somebody likes',
      { chain: 'regtest', invalid: [late({ found: 0, due: 9_000 })] },
      undefined,
    ],
    ['when it is far behind its headers', { headers: 1_007 }, 'behind'],
    ['not when one peer alone has these', { headers: 1_007, peerHeaders: [1_007, 1_000, 1_000] }, undefined],
    ['when most peers have these', { headers: 1_007, peerHeaders: [1_007, 1_007, 1_000] }, 'behind'],
    ['when peers have not said yet what they have', { headers: 1_007, peerHeaders: [990, 0, 991] }, 'behind'],
    ['not when it is a little behind them', { headers: 1_006 }, undefined],
    ['when it is far behind most of its peers', { peerHeights: [1_007, 1_008, 900] }, 'behind'],
    ['not when one peer claims a lot', { peerHeights: [9_000_000, 1_001, 1_000] }, undefined],
    ['not when the only peers claim a lot', { peerHeights: [9_000_000, 9_000_000] }, undefined],
    ['not for being behind while it is downloading', { headers: 9_000, isDownloading: true }, undefined],
  ])('%s', (_name, changes, verdict) => {
    expect(judged(changes)).toBe(verdict);
  });

  test('with how it is mended, for the verdict stays on its disk', () => {
    expect(judgeChain(view({ invalid: [branch()] }), RULES, NOW)?.reason).toMatch(
      new RegExp(`17 blocks|7 blocks ahead \\(from 991 to 1007\\).*bitcoin-cli reconsiderblock ${THEIRS}`),
    );
  });
});

const known = (height: number) => ({ height, expected: OURS, actual: OURS });

function late({ found, due }: { found: number; due: number }): InvalidBranch {
  const forkHeight = 1_000 - found;
  return branch({ height: forkHeight + 1, forkHeight, forkTime: NOW - due * 600, work: 1n });
}

describe('a clock', () => {
  const template = (curtime: number, mintime = 0) => ({ receivedAtMs: NOW * 1000, curtime, mintime });
  test.each([
    ["is said to be behind the node's", template(NOW + 95), /^this machine's clock is 95 s behind the node's$/],
    ["is said to be ahead of the node's", template(NOW - 95), /^this machine's clock is 95 s ahead of the node's$/],
    ['is well when it is a little off', template(NOW - 30), undefined],
    ['is well when only the blocks before are late', template(NOW + 95, NOW + 95), undefined],
  ])('%s', (_name, seen, trouble) => {
    const watch = new ClockWatch(30);
    watch.sawTemplate(seen);
    if (trouble === undefined) expect(watch.trouble()).toBeUndefined();
    else expect(watch.trouble()).toMatch(trouble);
  });

  test("is compared with that of the node's machine where there are no templates", () => {
    const watch = new ClockWatch(30);
    watch.sawChain(view({ nodeTimeMs: NOW * 1000 }), (NOW - 95) * 1000);
    expect(watch.trouble()).toBe("this machine's clock is 95 s behind the node's");
    watch.sawTemplate(template(NOW));
    watch.sawChain(view({ nodeTimeMs: NOW * 1000 }), (NOW - 95) * 1000);
    expect(watch.trouble()).toBeUndefined();
    watch.sawChain(view({ nodeTimeMs: NOW * 1000 }), (NOW + 3_600) * 1000);
    expect(watch.trouble()).toBe("this machine's clock is 3600 s ahead of the node's");
  });

  test("is the node's that is off when its peers say so, if there are some", () => {
    const watch = new ClockWatch(30);
    watch.sawChain(view({ peerOffsets: [90, 91] }), NOW);
    expect(watch.trouble()).toBeUndefined();
    watch.sawChain(view({ peerOffsets: [90, 91, 0] }), NOW);
    expect(watch.trouble()).toBe("the node's clock is 90 s behind its peers'");
  });
});

describe('a guarded node', () => {
  let clock: VirtualClock;
  let fake: FakeNode;
  let node: MiningNode;
  let abort: AbortController;
  let best: string;

  beforeEach(async () => {
    clock = new VirtualClock();
    abort = new AbortController();
    best = OURS;
    fake = await FakeNode.listen({
      getblocktemplate: ({ params }) =>
        JSON.stringify(params).includes('longpollid')
          ? 'silence'
          : { result: templateJson({ previousblockhash: best, height: 101 }) },
      getblockhash: () => ({ result: best }),
      getchaintips: () => ({ result: [] }),
      getpeerinfo: () => ({ result: [] }),
    });
  });
  afterEach(async () => {
    abort.abort();
    await node.close();
    await fake[Symbol.asyncDispose]();
  });

  const guard: ChainGuardOptions = { blocks: [{ height: 90, hash: fromDisplayHash(OURS) }] };
  const open = () => {
    const options = { url: fake.url, user: 'u', password: 'p', clock, log: silentLogger, random: () => 0, guard };
    node = createNode(options);
    return node.templates(abort.signal)[Symbol.asyncIterator]();
  };
  const passUntil = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advanceAsync(100);
    }
  };
  const settled = async (promise: Promise<IteratorResult<NodeTemplate>>): Promise<NodeTemplate | undefined> => {
    let result: IteratorResult<NodeTemplate> | undefined;
    void promise.then((each) => (result = each));
    await passUntil(() => result !== undefined);
    return result?.done === true ? undefined : result?.value;
  };

  test('gives no template before it has been asked for a known block', async () => {
    best = THEIRS;
    const iterator = open();
    let first: unknown;
    const coming = iterator.next();
    void coming.then((each) => (first = each));
    await passUntil(() => node.health().state === 'wrong-chain');
    await clock.advanceAsync(LIMITS.guardIntervalMs);
    expect(first).toBeUndefined();
    best = OURS;
    expect((await settled(coming))?.height).toBe(101);
    expect(node.health().state).toBe('ok');
  });

  test('gives none any more once it has another block in the place of a known one, and goes on by itself', async () => {
    const iterator = open();
    await settled(iterator.next());
    best = THEIRS;
    const coming = iterator.next();
    await passUntil(() => node.health().state === 'wrong-chain');
    expect(node.health().reason).toBe(
      `its block 90 is ${THEIRS}, not the one of chain_guard.blocks; if it is wrong, mend its software and run ` +
        `"bitcoin-cli reconsiderblock ${OURS}"; if it is right, name a block of its side in chain_guard.blocks`,
    );
    best = OURS;
    const template = await settled(coming);
    expect(template?.prevHash).toEqual(fromDisplayHash(OURS));
  });

  test('stays refused while it cannot be asked', async () => {
    best = THEIRS;
    void open().next();
    await passUntil(() => node.health().state === 'wrong-chain');
    best = OURS;
    fake.on('getblockchaininfo', () => ({ error: { code: -1, message: 'no' } }));
    await clock.advanceAsync(3 * LIMITS.guardIntervalMs);
    expect(node.health().state).toBe('wrong-chain');
  });

  test('that answers the questions not at all is mined on, and says that the known blocks are not checked', async () => {
    fake.on('getblockhash', () => ({ error: { code: -32601, message: 'Method not found' } }));
    const template = await settled(open().next());
    expect(template?.height).toBe(101);
    expect(node.health()).toMatchObject({ state: 'ok', reason: expect.stringMatching(/^the blocks of chain_guard/) });
  });
});
