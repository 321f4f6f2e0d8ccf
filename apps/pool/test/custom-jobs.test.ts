import { randomBytes } from 'node:crypto';
import { decodeHeader, hashHeader } from '@sv2kit/bitcoin';
import { type SetCustomMiningJob, utf8 } from '@sv2kit/codec';
import { tokenKey } from '@sv2kit/daemon';
import { tokenVerifier, userDigest } from '@sv2kit/declaration';
import { readJournal } from '@sv2kit/ledger';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { BlockNode } from '@sv2kit/template-source';
import type { Pool } from '../src/index.ts';
import {
  FakeDeclaratorServer,
  outputs,
  PAYOUT_SCRIPT,
  REVENUE,
  sealed,
  sharedOut,
  TestDeclaratorClient,
  type TokenWish,
} from './declarator.ts';
import {
  dataDir,
  eventually,
  type FakeTemplateProvider,
  type PoolOptions,
  startPool,
  startProvider,
} from './support.ts';
import { newTemplate, prevHash } from './templates.ts';

vi.setConfig({ testTimeout: 60_000 });

let names = 0;

interface Stage {
  readonly pool: Awaited<ReturnType<typeof startPool>>;
  readonly provider: FakeTemplateProvider;
  /** Of the tokens. */
  readonly key: Uint8Array;
  readonly directory: string;
  readonly url: string;
}

/** A pool that takes custom jobs, and its template provider. */
async function stage(toml: readonly string[] = [], options: PoolOptions = {}): Promise<Stage> {
  names += 1;
  const keyFile = dataDir(`tokens-${names}.key`);
  const key = tokenKey(keyFile);
  const directory = dataDir(`pool-${names}`);
  const { provider, url } = await startProvider();
  const lines = ['[job_declaration]', `token_key_file = "${keyFile}"`, ...toml];
  const pool = await startPool(url, directory, { ...options, toml: lines });
  onTestFinished(() => pool.close());
  return { pool, provider, key, directory, url };
}

const statusOf = (pool: Pool) => pool.status?.()['jobDeclaration'] as Readonly<Record<string, unknown>>;
const blocksOf = (pool: Pool) => pool.status?.()['blocks'] as readonly Readonly<Record<string, unknown>>[];

async function recordsOf(directory: string) {
  const records = [];
  for await (const { record } of readJournal(`${directory}/journal`)) records.push(record);
  return records;
}

describe('a job whose token the pool can trust', () => {
  test.each(['full-template', 'coinbase-only'] as const)(
    'is acknowledged and its shares credited: %s (§6.3)',
    async (mode) => {
      const { pool, key, directory } = await stage();
      const jdc = await TestDeclaratorClient.connect(pool);
      const channel = await jdc.open();
      const job = sealed(key, jdc.draft(channel), { mode });
      const answer = await jdc.set(job);
      expect(answer).toMatchObject({ type: 'SetCustomMiningJobSuccess', channelId: channel.channelId });
      const { jobId } = answer as Extract<typeof answer, { type: 'SetCustomMiningJobSuccess' }>;
      expect(await jdc.submit(jdc.solve(channel, job, jobId, 'share'))).toBe('accepted');
      expect(statusOf(pool)).toMatchObject({
        byMode: { [mode]: { jobs: 1, partlyPaid: 0, leastCredit: 1, shares: 1 } },
      });
      await pool.close();
      const records = await recordsOf(directory);
      expect(records).toContainEqual(
        expect.objectContaining({ type: 'CustomJobAccepted', mode, height: 100, credit: 1 }),
      );
    },
  );

  test('is good once per channel (§6.4.3)', async () => {
    const { pool, key } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const [first, second] = [await jdc.open(), await jdc.open()];
    const job = sealed(key, jdc.draft(first));
    expect(await jdc.set(job)).toMatchObject({ type: 'SetCustomMiningJobSuccess' });
    expect(await jdc.set({ ...job, requestId: 1_000 })).toMatchObject({ errorCode: 'invalid-mining-job-token' });
    expect(await jdc.set({ ...job, requestId: 1_001, channelId: second.channelId })).toMatchObject({
      type: 'SetCustomMiningJobSuccess',
    });
    expect(statusOf(pool)['refused']).toEqual({ 'invalid-mining-job-token': 1 });
  });

  test('that pays the pool in part is credited in proportion (§6.4.3, example B)', async () => {
    const { pool, key, directory } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    const coinbaseTxOutputs = sharedOut((REVENUE * 3n) / 4n);
    const job = sealed(key, jdc.draft(channel, { coinbaseTxOutputs }));
    const answer = await jdc.set(job);
    if (answer.type !== 'SetCustomMiningJobSuccess') throw new Error(JSON.stringify(answer));
    expect(await jdc.submit(jdc.solve(channel, job, answer.jobId, 'share'))).toBe('accepted');
    const { byMode } = statusOf(pool) as { byMode: Record<string, Record<string, number>> };
    expect(byMode['full-template']).toMatchObject({ partlyPaid: 1, leastCredit: 0.75 });
    const { work = 0, creditedWork = 0 } = byMode['full-template'] ?? {};
    expect(creditedWork / work).toBe(0.75);
    expect(work).toBeGreaterThan(0);
    await pool.close();
    expect(await recordsOf(directory)).toContainEqual(
      expect.objectContaining({ type: 'CustomJobAccepted', credit: 0.75 }),
    );
  });

  test('on a group channel is for all of its extended channels (§5.3.18)', async () => {
    const { pool, key } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const members = [await jdc.open(), await jdc.open()];
    const [first, second] = members;
    if (first === undefined || second === undefined) throw new Error('no channels');
    expect(second.groupChannelId).toBe(first.groupChannelId);
    const job = sealed(key, jdc.draft(first, { channelId: first.groupChannelId }));
    const answer = await jdc.set(job);
    if (answer.type !== 'SetCustomMiningJobSuccess') throw new Error(JSON.stringify(answer));
    for (const member of members) {
      expect(await jdc.submit(jdc.solve(member, job, answer.jobId, 'share'))).toBe('accepted');
    }
  });

  test('stays good when the pool is restarted: the key is in a file', async () => {
    const before = await stage();
    const early = await TestDeclaratorClient.connect(before.pool);
    const token = sealed(before.key, early.draft(await early.open())).miningJobToken;
    await before.pool.close();
    const keyFile = dataDir(`tokens-${names}.key`);
    const lines = ['[job_declaration]', `token_key_file = "${keyFile}"`];
    const after = await startPool(before.url, before.directory, { toml: lines });
    onTestFinished(() => after.close());
    const late = await TestDeclaratorClient.connect(after);
    expect(await late.set(late.draft(await late.open(), { miningJobToken: token }))).toMatchObject({
      type: 'SetCustomMiningJobSuccess',
    });
  });
});

describe('a job is refused, each reason with a code of its own (§5.3.20)', () => {
  const declaredOtherwise: readonly {
    readonly code: string;
    readonly change: (job: SetCustomMiningJob) => Partial<SetCustomMiningJob>;
  }[] = [
    { code: 'invalid-version', change: () => ({ version: 0x40000000 }) },
    { code: 'invalid-nbits', change: () => ({ nbits: 0x207fffff }) },
    { code: 'invalid-min-ntime', change: ({ minNtime }) => ({ minNtime: minNtime - 1 }) },
    { code: 'invalid-coinbase-tx-version', change: () => ({ coinbaseTxVersion: 1 }) },
    {
      code: 'invalid-coinbase-prefix',
      change: ({ coinbasePrefix }) => ({
        coinbasePrefix: Uint8Array.of(...coinbasePrefix.slice(0, -1), 0x51, coinbasePrefix.at(-1) ?? 0),
      }),
    },
    { code: 'invalid-coinbase-tx-input-n-sequence', change: () => ({ coinbaseTxInputNSequence: 0 }) },
    { code: 'invalid-coinbase-tx-outputs', change: () => ({ coinbaseTxOutputs: sharedOut(REVENUE - 1n) }) },
    { code: 'invalid-coinbase-tx-locktime', change: () => ({ coinbaseTxLocktime: 0 }) },
    { code: 'invalid-merkle-path', change: () => ({ merklePath: [new Uint8Array(32)] }) },
  ];

  test('in whatever it differs from what was declared', async () => {
    const { pool, key } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    const codes: string[] = [];
    for (const { change } of declaredOtherwise) {
      const declared = sealed(key, jdc.draft(channel));
      const answer = await jdc.set({ ...declared, ...change(declared) });
      codes.push(answer.type === 'SetCustomMiningJobError' ? answer.errorCode : answer.type);
    }
    expect(codes).toEqual(declaredOtherwise.map(({ code }) => code));
  });

  const tokens: readonly { readonly name: string; readonly wish: TokenWish; readonly code: string }[] = [
    { name: "another user's", wish: { user: userDigest(utf8('mallory')) }, code: 'invalid-mining-job-token' },
    { name: 'expired', wish: { expires: Math.floor(Date.now() / 1000) - 1 }, code: 'invalid-mining-job-token' },
    { name: 'forged', wish: { key: new Uint8Array(32).fill(1) }, code: 'invalid-mining-job-token' },
    {
      name: 'allocated for declaring, and not declared with',
      wish: { commitment: undefined },
      code: 'job-not-yet-validated',
    },
  ];

  test.each(tokens)('a token that is $name', async ({ wish, code }) => {
    const { pool, key } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    expect(await jdc.set(sealed(key, jdc.draft(await jdc.open()), wish))).toMatchObject({ errorCode: code });
  });

  test.each([
    { name: 'pays the pool nothing', paid: outputs(), code: 'missing-pool-payout' },
    { name: 'pays the pool too little', paid: sharedOut(REVENUE / 3n), code: 'pool-payout-too-low' },
  ])('a coinbase that $name', async ({ paid: coinbaseTxOutputs, code }) => {
    const { pool, key } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    for (const mode of ['full-template', 'coinbase-only'] as const) {
      const job = sealed(key, jdc.draft(channel, { coinbaseTxOutputs }), { mode });
      expect(await jdc.set(job)).toMatchObject({ errorCode: code });
    }
  });

  test('a coinbase without an output that the pool wants', async () => {
    const { pool, key } = await stage(['required_outputs = ["6a0101"]']);
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    expect(await jdc.set(sealed(key, jdc.draft(channel)))).toMatchObject({ errorCode: 'missing-pool-outputs' });
    const coinbaseTxOutputs = outputs(
      { value: 0n, script: Uint8Array.of(0x6a, 1, 1) },
      { value: REVENUE, script: PAYOUT_SCRIPT },
    );
    expect(await jdc.set(sealed(key, jdc.draft(channel, { coinbaseTxOutputs })))).toMatchObject({
      type: 'SetCustomMiningJobSuccess',
    });
  });

  test('any job, where no key is configured', async () => {
    const { url } = await startProvider();
    names += 1;
    const pool = await startPool(url, dataDir(`pool-${names}`));
    onTestFinished(() => pool.close());
    const jdc = await TestDeclaratorClient.connect(pool);
    expect(await jdc.set(jdc.draft(await jdc.open()))).toMatchObject({ errorCode: 'jd-not-supported' });
    expect(statusOf(pool)).toBeNull();
  });
});

test('a pool whose token key cannot be used does not start, and leaves its folders free', async () => {
  const { url } = await startProvider();
  names += 1;
  const directory = dataDir(`pool-${names}`);
  const toml = ['[job_declaration]', `token_key_file = "${dataDir('nowhere/tokens.key')}"`];
  await expect(startPool(url, directory, { toml })).rejects.toThrow(/cannot be made: there is no such file or folder/);
  const pool = await startPool(url, directory);
  await pool.close();
});

describe('tips', () => {
  test('a job that is ahead of the pool waits for the tip (§6.4.4)', async () => {
    const { pool, key, provider } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    const answer = jdc.set(sealed(key, jdc.draft(channel, { height: 101 })));
    await eventually(() => statusOf(pool)['heldForUnseenTip']).toBe(1);
    provider.says(newTemplate(2, 101, true), prevHash(2, 100));
    expect(await answer).toMatchObject({ type: 'SetCustomMiningJobSuccess' });
    expect(statusOf(pool)).toMatchObject({ heldForUnseenTip: 1, refused: {} });
  });

  test('a job on an older tip is `stale-chain-tip`, in that word', async () => {
    const { pool, key, provider } = await stage();
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    provider.says(newTemplate(2, 101, true), prevHash(2, 100));
    await eventually(() => pool.status?.()['work']).toMatchObject({ height: 101 });
    expect(await jdc.set(sealed(key, jdc.draft(channel)))).toMatchObject({ errorCode: 'stale-chain-tip' });
  });
});

describe('a block', () => {
  /** Mines one on a job of that mode. */
  async function mine({ pool, key }: Stage, mode: 'full-template' | 'coinbase-only') {
    const jdc = await TestDeclaratorClient.connect(pool);
    const channel = await jdc.open();
    const job = sealed(key, jdc.draft(channel, { merklePath: [new Uint8Array(32).fill(1)] }), { mode });
    const answer = await jdc.set(job);
    if (answer.type !== 'SetCustomMiningJobSuccess') throw new Error(JSON.stringify(answer));
    const share = jdc.solve(channel, job, answer.jobId, 'block');
    expect(await jdc.submit(share)).toBe('accepted');
    const extranonce = new Uint8Array([...channel.extranoncePrefix, ...share.extranonce]);
    const { nonce, ntime, version } = share;
    const { prevHash: parent, nbits } = job;
    return { type: 'PushSolution', extranonce, prevHash: parent, nonce, ntime, nbits, version } as const;
  }

  async function withDeclarator(payoutScript?: Uint8Array, more: readonly string[] = []) {
    names += 1;
    const keyFile = dataDir(`tokens-${names}.key`);
    const key = tokenKey(keyFile);
    const declarator = new FakeDeclaratorServer(key, payoutScript);
    onTestFinished(() => declarator.close());
    const declaratorUrl = await declarator.listen();
    const { provider, url } = await startProvider();
    const toml = [
      '[job_declaration]',
      `token_key_file = "${keyFile}"`,
      '[[job_declarators]]',
      `url = "${declaratorUrl}"`,
      ...more,
    ];
    const directory = dataDir(`pool-${names}`);
    const pool = await startPool(url, directory, { toml });
    onTestFinished(() => pool.close());
    return { pool, provider, key, directory, url, declarator };
  }

  test('on a declared job is pushed to the job declarator server, and not to the template provider (§6.4.9)', async () => {
    const made = await withDeclarator();
    const { pool, declarator, provider, directory } = made;
    await eventually(() => pool.health.report().conditions.find(({ name }) => name === 'job-declaration')?.ok).toBe(
      true,
    );
    const pushed = await mine(made, 'full-template');
    await eventually(() => declarator.pushed).toEqual([pushed]);
    expect(provider.solutions).toEqual([]);
    expect(blocksOf(pool)).toMatchObject([
      {
        path: 'declared-full-template',
        state: 'submitted',
        by: expect.stringMatching(/^job-declarator 127\.0\.0\.1:/),
      },
    ]);
    await pool.close();
    expect(await recordsOf(directory)).toContainEqual(
      expect.objectContaining({ type: 'BlockFound', path: 'declared-full-template' }),
    );
  });

  test('waits for a job declarator server that is away, which health says', async () => {
    const made = await withDeclarator();
    const { pool, declarator } = made;
    await declarator.away();
    const condition = () => pool.health.report().conditions.find(({ name }) => name === 'job-declaration');
    await eventually(() => condition()?.reason ?? '').toMatch(/^job-declarator 127\.0\.0\.1/);
    const pushed = await mine(made, 'full-template');
    expect(statusOf(pool)['declarators']).toMatchObject([{ blocksWaiting: 1 }]);
    await declarator.listen();
    await eventually(() => declarator.pushed).toEqual([pushed]);
    await eventually(() => condition()?.ok).toBe(true);
  });

  test('has another way while one of several job declarator servers is away: the pool serves on', async () => {
    const away = 'stratum2+tcp://127.0.0.1:1/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
    const { pool, declarator } = await withDeclarator(undefined, ['[[job_declarators]]', `url = "${away}"`]);
    const condition = () => pool.health.report().conditions.find(({ name }) => name === 'job-declaration');
    await eventually(condition).toMatchObject({ ok: false, serving: true });
    expect(condition()?.reason).toContain('127.0.0.1:1');
    await declarator.away();
    await eventually(() => condition()?.serving ?? false).toBe(false);
  });

  test('of which only the finder knows the transactions is recorded and looked for, and goes nowhere (§6.3.1)', async () => {
    const made = await withDeclarator();
    const { pool, declarator, provider, directory } = made;
    const { prevHash: parent } = await mine(made, 'coinbase-only');
    expect(parent).toEqual(new Uint8Array(32).fill(99));
    expect(blocksOf(pool)).toMatchObject([{ path: 'coinbase-only', state: 'submitted', by: 'finder' }]);
    const record = async () => (await recordsOf(directory)).find((each) => each.type === 'BlockFound');
    await eventually(record).toBeDefined();
    const found = await record();
    if (found?.type !== 'BlockFound') throw new Error('no block');
    expect(decodeHeader(found.header).prevHash).toEqual(parent);
    provider.says(newTemplate(2, 101, true), { ...prevHash(2, 100), prevHash: hashHeader(found.header) });
    await eventually(() => blocksOf(pool)).toMatchObject([{ path: 'coinbase-only', state: 'confirmed' }]);
    expect([declarator.pushed, provider.solutions]).toEqual([[], []]);
  });

  test('of whatever path is looked for at the nodes', async () => {
    const asked: Uint8Array[] = [];
    const node: BlockNode = {
      name: 'ours',
      takesBlocks: true,
      submitBlock: () => Promise.reject(new Error('nobody here has the whole block')),
      confirm(hash) {
        asked.push(hash);
        return Promise.resolve({ inBestChain: true, confirmations: 1, height: 100 });
      },
      health: () => ({ state: 'ok' }),
      close: () => Promise.resolve(),
    };
    const toml = ['[[nodes]]', 'url = "http://127.0.0.1:1"', 'user = "u"', 'password = "p"'];
    const made = await stage(toml, { deps: { connectNode: () => node } });
    await mine(made, 'coinbase-only');
    await eventually(() => blocksOf(made.pool)).toMatchObject([{ state: 'confirmed', by: 'ours' }]);
    expect(asked).toHaveLength(1);
  });

  test('on a declared job goes to the job declarator server in the same process', async () => {
    const key = new Uint8Array(randomBytes(32));
    const handed: unknown[] = [];
    const { provider, url } = await startProvider();
    names += 1;
    const directory = dataDir(`pool-${names}`);
    const jobDeclarator = {
      verifier: tokenVerifier(key),
      onDeclaredBlock: (solution: unknown) => void handed.push(solution),
    };
    const pool = await startPool(url, directory, { deps: { jobDeclarator } });
    onTestFinished(() => pool.close());
    const { type: _type, ...pushed } = await mine({ pool, provider, key, directory, url }, 'full-template');
    expect(handed).toEqual([pushed]);
    expect(blocksOf(pool)).toMatchObject([{ path: 'declared-full-template', by: 'job-declarator' }]);
  });

  test('would be nobody’s where the declarator pays another script: health says so before there is one', async () => {
    const { pool } = await withDeclarator(Uint8Array.of(0x53));
    await eventually(() => pool.health.report().reason ?? '').toContain(
      'lets miners pay to another script than this pool wants',
    );
  });
});
