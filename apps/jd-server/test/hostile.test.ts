import { describe, expect, test } from 'vitest';
import { FakeNode, NBITS, tipAt, VALUE } from './fake-node.ts';
import { ALICE, type Client, draft, EXTRANONCE, Running } from './support.ts';

const HEIGHT = 201;
const honest = () => draft(HEIGHT, VALUE);
const NO_TOKEN = new Uint8Array(69);
/** As many as the message can carry; no block holds so many. */
const MOST = 65_535;

const allocate = (requestId: number) => ({ type: 'AllocateMiningJobToken', userIdentifier: ALICE, requestId }) as const;
const unasked = (transactionList: readonly Uint8Array[]) =>
  ({ type: 'ProvideMissingTransactionsSuccess', requestId: 9, transactionList }) as const;
const solution = (nonce: number) =>
  ({
    type: 'PushSolution',
    extranonce: new Uint8Array(EXTRANONCE),
    prevHash: tipAt(200).hash,
    nonce,
    ntime: 1_700_000_000,
    nbits: NBITS - 1,
    version: 0x20000000,
  }) as const;

/** What one client sends without end, and how that ends. */
const floods: readonly { readonly name: string; readonly send: (client: Client, at: number) => void }[] = [
  {
    name: 'declarations of more transactions than a block holds',
    send: (client) => {
      const wtxids = Array<Uint8Array>(MOST).fill(new Uint8Array(32));
      client.declareWith(NO_TOKEN, { ...honest(), wtxids });
    },
  },
  { name: 'token requests', send: (client, at) => client.send(allocate(at)) },
  { name: 'transactions of a block’s size', send: (client) => client.send(unasked([new Uint8Array(4_000_000)])) },
  {
    name: 'very many transactions that are none',
    send: (client) => client.send(unasked(Array<Uint8Array>(MOST).fill(new Uint8Array(0)))),
  },
  { name: 'solutions of nothing', send: (client, at) => client.send(solution(at)) },
];

describe('a client that floods the server is ended, and an honest one beside it goes on', () => {
  test.each(floods)('$name', { timeout: 60_000 }, async ({ send }) => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    await using flooder = await running.connect();
    let isEnded = false;
    const ended = flooder.closed.then(() => (isEnded = true));
    for (let at = 0; at < 200 && !isEnded; at += 1) {
      send(flooder, at);
      await Promise.race([flooder.drained(), ended]);
      if (at % 40 === 0) expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    }
    await ended;
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect(await flooder.closed).toMatchObject({ code: 'peer-closed' });
    expect(running.status<{ connections: unknown }>().connections).toEqual({ 'full-template': 1, 'coinbase-only': 0 });
    expect(running.health.report().state).toBe('ok');
  });
});

test('clients that leave at every moment of a declaration leave nothing behind', async () => {
  const node = new FakeNode();
  await using running = await Running.start({ nodes: [node] });
  await using client = await running.connect();
  const moments: readonly ((leaver: Client) => Promise<unknown> | void)[] = [
    () => {},
    (leaver) => leaver.send(allocate(1)),
    (leaver) => leaver.token(),
    async (leaver) => void leaver.declareWith(await leaver.token(), honest()),
    async (leaver) => void leaver.declareWith(await leaver.token(), draft(HEIGHT + 1, VALUE)),
    async (leaver) => {
      node.checker.verdict = () => ({ kind: 'missing', positions: [0] });
      leaver.declareWith(await leaver.token(), draft(HEIGHT, VALUE, [new Uint8Array(32)]));
      await leaver.next('ProvideMissingTransactions');
    },
    async (leaver) => {
      node.checker.verdict = () => new Promise(() => {});
      leaver.declareWith(await leaver.token(), honest());
    },
  ];
  for (const moment of moments) {
    const leaver = await running.connect();
    await moment(leaver);
    await leaver[Symbol.asyncDispose]();
    node.checker.verdict = () => node.checker.valid();
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
  }
  type Status = { connections: unknown; declarations: { pending: number } };
  const { connections, declarations } = running.status<Status>();
  expect(connections).toEqual({ 'full-template': 1, 'coinbase-only': 0 });
  expect(declarations.pending).toBe(0);
});
