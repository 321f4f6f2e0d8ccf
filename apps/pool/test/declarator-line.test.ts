import { encodeCountedOutputs, encodeHeader, type TxOut } from '@sv2kit/bitcoin';
import {
  DECLARE_TX_DATA,
  type jobDeclaration,
  type JobDeclarationFromClient,
  type JobDeclarationFromServer,
} from '@sv2kit/codec';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { sealToken } from '@sv2kit/declaration';
import type { FoundBlock } from '@sv2kit/mining-server';
import { type Connection, type ConnectionHandler, type ConnectOptions, noMetrics } from '@sv2kit/net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DeclaratorLine } from '../src/job-declaration/declarator-line.ts';
import { POOL_LIMITS } from '../src/index.ts';

const NOW = 1_704_067_200_000;
const KEY = new Uint8Array(32).fill(7);
const PAYOUT = Uint8Array.of(0x51);
const REQUIRED: TxOut = { value: 0n, script: Uint8Array.of(0x6a) };

/** A job declarator server that a fake `connect` reaches. */
class FakeDeclarator {
  readonly received: JobDeclarationFromClient[] = [];
  flags: number | undefined;
  up = true;
  #handler: ConnectionHandler<JobDeclarationFromServer> | undefined;

  readonly connect = async (options: ConnectOptions<typeof jobDeclaration>): Promise<unknown> => {
    await Promise.resolve();
    if (!this.up) throw Object.assign(new Error('connect ECONNREFUSED jds.test:1'), { code: 'ECONNREFUSED' });
    this.flags = options.setup?.flags;
    const connection = {
      send: (message: JobDeclarationFromClient) => void this.received.push(message),
      flush() {},
      end: () => this.#close('ended'),
      destroy: () => this.#close('destroyed'),
    };
    this.#handler = options.handler(connection as unknown as Connection<JobDeclarationFromClient>);
    return connection;
  };

  /** Answers the latest request for a token. */
  allocates(outputs: readonly TxOut[], key = KEY): void {
    const { requestId = 0 } = this.of('AllocateMiningJobToken').at(-1) ?? {};
    const claims = { id: new Uint8Array(16), mode: 'full-template', user: new Uint8Array(16), expires: 1 } as const;
    const miningJobToken = sealToken(key, { ...claims, commitment: undefined });
    const coinbaseTxOutputs = encodeCountedOutputs(outputs);
    this.#handler?.onMessage({ type: 'AllocateMiningJobTokenSuccess', requestId, miningJobToken, coinbaseTxOutputs });
  }

  lose(): void {
    this.up = false;
    this.#close('peer-closed');
  }

  of<T extends JobDeclarationFromClient['type']>(type: T): Extract<JobDeclarationFromClient, { type: T }>[] {
    return this.received.filter((each): each is Extract<JobDeclarationFromClient, { type: T }> => each.type === type);
  }

  #close(code: string): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose({ code });
  }
}

async function line() {
  const server = new FakeDeclarator();
  const clock = new VirtualClock(NOW);
  const errors: string[] = [];
  const log = { ...silentLogger, error: (message: string) => void errors.push(message), child: () => log };
  const made = new DeclaratorLine({
    endpoint: { name: 'jds', host: 'jds.test', port: 1 },
    terms: { key: KEY, payoutScript: PAYOUT, requiredOutputs: [REQUIRED] },
    clock,
    log,
    metrics: { events: noMetrics.accepted },
    connect: server.connect,
  });
  const timer = clock.every(1_000, () => made.tick());
  onTestFinished(async () => {
    timer[Symbol.dispose]();
    await made.close();
  });
  await clock.advanceAsync(0);
  return { line: made, server, clock, errors };
}

function block(nonce: number, path: FoundBlock['path'] = 'declared-full-template'): FoundBlock {
  const zero = new Uint8Array(32);
  const header = encodeHeader({ version: 4, prevHash: zero, merkleRoot: zero, ntime: 5, nbits: 6, nonce });
  const solution = { header, hash: zero.slice().fill(nonce), extranonce: Uint8Array.of(1, 2) };
  return { solution, path } as unknown as FoundBlock;
}

describe('a job declarator server', () => {
  test('is asked for a token at once and then every minute, as a client that declares (§6.4.1)', async () => {
    const { server, clock, line: made } = await line();
    expect(server.flags).toBe(DECLARE_TX_DATA);
    server.allocates([{ value: 0n, script: PAYOUT }, REQUIRED]);
    expect(made.trouble).toBeUndefined();
    await clock.advanceAsync(POOL_LIMITS.declaratorProbeMs);
    expect(server.of('AllocateMiningJobToken').map(({ requestId }) => requestId)).toEqual([1, 2]);
  });

  test('that is away is named once, with what to look at, and in the same words while it is tried again', async () => {
    const { server, clock, line: made } = await line();
    server.lose();
    const told = new Set<string | undefined>();
    for (let seconds = 0; seconds < 30; seconds += 1) {
      await clock.advanceAsync(1_000);
      told.add(made.trouble);
    }
    expect([...told].at(-1)).toBe(
      'job-declarator jds: nobody listens there (ECONNREFUSED); see that the job declarator server runs, ' +
        'and that job_declarators has its address',
    );
    expect(told.size).toBeLessThanOrEqual(2);
  });

  test('that gives no tokens is in trouble, and is not asked again meanwhile', async () => {
    const { server, clock, line: made } = await line();
    await clock.advanceAsync(POOL_LIMITS.declaratorAnswerMs);
    expect(made.trouble).toBeUndefined();
    await clock.advanceAsync(POOL_LIMITS.declaratorProbeMs);
    expect(made.trouble).toBe('job-declarator jds: gives no tokens');
    expect(server.of('AllocateMiningJobToken')).toHaveLength(1);
    server.allocates([{ value: 0n, script: PAYOUT }, REQUIRED]);
    expect(made.trouble).toBeUndefined();
  });

  test.each([
    {
      name: 'has another key',
      key: KEY.map((byte) => byte + 1),
      outputs: [{ value: 0n, script: PAYOUT }],
      wrong: /seals its tokens with another key/,
    },
    {
      name: 'names another payout script',
      key: KEY,
      outputs: [REQUIRED, { value: 0n, script: PAYOUT }],
      wrong: /pay to another script/,
    },
    {
      name: 'leaves a required output out',
      key: KEY,
      outputs: [{ value: 0n, script: PAYOUT }],
      wrong: /required_outputs/,
    },
    { name: 'names no outputs', key: KEY, outputs: [], wrong: /pay to another script/ },
  ])('that $name is in trouble (§6.4.3)', async ({ key, outputs, wrong }) => {
    const { server, line: made } = await line();
    server.allocates(outputs, key);
    expect(made.trouble).toMatch(wrong);
  });
});

describe('a block', () => {
  test('on a declared job is pushed at once; others are not for a declarator (§6.4.9)', async () => {
    const { server, line: made } = await line();
    expect(made.take(block(1))).toBe('sent');
    expect(made.take(block(2, 'coinbase-only'))).toBe('not-for-it');
    expect(made.take(block(3, 'pool-template'))).toBe('not-for-it');
    const zero = new Uint8Array(32);
    const pushed = { extranonce: Uint8Array.of(1, 2), prevHash: zero, nonce: 1, ntime: 5, nbits: 6, version: 4 };
    expect(server.of('PushSolution')).toEqual([{ type: 'PushSolution', ...pushed }]);
  });

  test('waits for a declarator that is away, and goes out again unless an answer shows that it has arrived', async () => {
    const { server, clock, line: made } = await line();
    server.allocates([{ value: 0n, script: PAYOUT }, REQUIRED]);
    made.take(block(1));
    await clock.advanceAsync(POOL_LIMITS.pushProbeMs);
    expect(server.of('AllocateMiningJobToken').map(({ requestId }) => requestId)).toEqual([1, 2]);
    made.take(block(2));
    server.allocates([{ value: 0n, script: PAYOUT }, REQUIRED]);
    server.lose();
    expect(made.take(block(3))).toBe('waits');
    expect(made.waiting).toBe(2);
    server.up = true;
    await clock.advanceAsync(61_000);
    expect(made.waiting).toBe(0);
    expect(server.of('PushSolution').map(({ nonce }) => nonce)).toEqual([1, 2, 2, 3]);
  });

  test('is not lost on a connection that only seems to be open', async () => {
    const { server, clock, line: made } = await line();
    server.allocates([{ value: 0n, script: PAYOUT }, REQUIRED]);
    made.take(block(1));
    await clock.advanceAsync(POOL_LIMITS.pushProbeMs + POOL_LIMITS.declaratorSilenceMs + 10_000);
    expect(server.of('PushSolution').map(({ nonce }) => nonce)).toEqual([1, 1]);
  });

  test('that waits too long, or behind too many others, is an error in the log', async () => {
    const { server, clock, line: made, errors } = await line();
    server.lose();
    for (let nonce = 0; nonce <= POOL_LIMITS.waitingBlocks; nonce += 1) made.take(block(nonce));
    expect([made.waiting, errors.length]).toEqual([POOL_LIMITS.waitingBlocks, 1]);
    await clock.advanceAsync(POOL_LIMITS.waitingBlockMs + 1_000);
    expect([made.waiting, errors.length]).toEqual([0, 1 + POOL_LIMITS.waitingBlocks]);
  });
});
