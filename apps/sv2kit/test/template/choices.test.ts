import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Result } from '../scene.ts';
import { Node } from '../node.ts';

let node: Node;
beforeAll(async () => {
  node = await Node.start();
  await node.mine(120);
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

const template = (...argv: string[]): Promise<Result> => call(['template', ...argv, ...node.options]);

/** What a command says with --json. */
async function said(...argv: string[]): Promise<unknown> {
  const { code, out, error } = await template(...argv, '--json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out);
}

/** Whether the node would mine it; an empty block first, since a node remakes a template of the same tip every 5 s only. */
async function isMined(txid: string): Promise<boolean> {
  await node.call('generateblock', 'raw(51)', []);
  const { transactions } = (await said('show', '--all')) as { readonly transactions: readonly { txid: string }[] };
  return transactions.some((transaction) => transaction.txid === txid);
}

describe('a choice, at a real node,', { timeout: 60_000 }, () => {
  test('excludes a transaction with what spends from it, even if that is included', async () => {
    const parent = await node.pay(20_000n);
    const child = await node.pay(30_000n, parent);
    expect(await isMined(child.txid)).toBe(true);
    expect(await said('exclude', parent.txid)).toMatchObject({
      txid: parent.txid,
      choice: 'excluded',
      mempool: { fee: 20_000, ancestors: 0, descendants: 1 },
    });
    expect([await isMined(parent.txid), await isMined(child.txid)]).toEqual([false, false]);
    expect(await said('include', child.txid)).toMatchObject({ choice: 'included', excludedAncestors: [parent.txid] });
    expect([await isMined(parent.txid), await isMined(child.txid)]).toEqual([false, false]);
    const { out } = await template('include', parent.txid);
    expect(out).toContain(`included ${parent.txid}\n  pays 20,000 sat, 210 sat/vB, weight 381\n`);
    expect([await isMined(parent.txid), await isMined(child.txid)]).toEqual([true, true]);
  });

  test('prioritises: parents come along, the sums add up, and forgetting undoes it', async () => {
    const { txid } = await node.pay(500n);
    expect(await said('prioritise', txid, '--by', '-400')).toMatchObject({ delta: -400, mempool: { countsAs: 100 } });
    expect(await said('prioritise', txid, '--by', '5000')).toMatchObject({ delta: 4600, mempool: { countsAs: 5100 } });
    expect(await said('list')).toContainEqual({
      txid,
      choice: 'prioritised',
      delta: 4600,
      inMempool: true,
      inTemplate: expect.any(Boolean),
    });
    expect(await said('forget', txid)).toMatchObject({ choice: null, delta: 0, mempool: { fee: 500, countsAs: 500 } });
    expect(await template('forget', txid)).toMatchObject({
      code: 1,
      error: expect.stringContaining('nothing was chosen'),
    });
  });

  test('includes a transaction that pays nothing and that the node has never seen, from its bytes', async () => {
    const { txid, hex } = await node.payment(0n);
    expect(await template('include', txid)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/is not in the mempool of http.*; give its bytes with --hex\n$/),
    });
    expect(await said('include', txid, '--hex', hex)).toMatchObject({ choice: 'included', mempool: { fee: 0 } });
    expect(await isMined(txid)).toBe(true);
    await node.mine(1);
    expect(await said('list')).not.toContainEqual(expect.objectContaining({ txid }));
  });

  test('leaves no trace of a transaction that the node refuses', async () => {
    const spent = await node.pay(1000n);
    await node.mine(1);
    const { hex, txid } = await node.payment(-5n, spent);
    const { code, error } = await template('include', txid, '--hex', hex);
    expect([code, error]).toEqual([1, expect.stringContaining('bad-txns-in-belowout')]);
    expect(await said('list')).not.toContainEqual(expect.objectContaining({ txid }));
  });

  test('outlasts a restart in good order; what is excluded is then not taken in', async () => {
    const [excluded, prioritised] = [await node.pay(1000n), await node.pay(1000n)];
    await said('exclude', excluded.txid);
    await said('prioritise', prioritised.txid, '--by', '7');
    await node.restart();
    const choices = (await said('list')) as readonly { txid: string; inMempool: boolean; delta: number }[];
    const found = (txid: string) => choices.find((choice) => choice.txid === txid);
    expect(found(excluded.txid)).toMatchObject({ choice: 'excluded', inMempool: false });
    expect(found(prioritised.txid)).toMatchObject({ delta: 7, inMempool: true });
    await said('forget', '--all');
    expect(await said('list')).toEqual([]);
    expect(await said('include', excluded.txid, '--hex', excluded.hex, '--wait')).toMatchObject({ inTemplate: true });
    await said('forget', '--all');
  });

  test('may be made ahead of a transaction: the node does not take it then', async () => {
    const { txid, hex } = await node.payment(5000n);
    expect(await template('exclude', txid)).toMatchObject({ code: 1 });
    expect(await said('exclude', txid, '--ahead')).toMatchObject({ choice: 'excluded', mempool: null });
    await expect(node.take({ txid, hex })).rejects.toThrow('min relay fee not met');
    await said('forget', txid);
    await node.take({ txid, hex });
  });
});

describe('a mistake is told', () => {
  const id = 'ab'.repeat(32);
  test.each([
    [['exclude'], 2, 'the TXID is missing'],
    [['exclude', 'abc'], 2, "'abc' is not a txid, 64 hexadecimal digits as explorers show them: it has 3 digits"],
    [['exclude', id], 1, `${id} is not in the mempool of `],
    [['exclude', id, '--by', '1'], 2, '--by is not an option'],
    [['prioritise', id], 2, '--by SATS is missing'],
    [['prioritise', id, '--by', 'much'], 2, '--by much: a number of satoshis such as 5000 or -5000 is wanted'],
    [['prioritise', id, '--by', '0'], 2, '--by 0: a number of satoshis'],
    [['include', id, '--hex', '00ff'], 1, '--hex is not a transaction: '],
    [['forget', id, '--all'], 2, '--all and a TXID exclude each other'],
    [['show', '--chain', 'signet'], 1, 'is on regtest, not on signet'],
    [['show', '--chain', 'moon'], 2, '--chain moon is none of mainnet, testnet, testnet4, signet, regtest'],
    [['sow'], 2, "there is no 'sow'; did you mean 'show'?"],
    [['diff'], 2, 'OTHER, what to compare with, is missing'],
  ])('%j', async (argv, code, error) => {
    const result = await template(...argv);
    expect(result.code).toBe(code);
    expect(result.error).toContain(error);
  });

  test('that a txid was given back to front, and which bytes belong to another', async () => {
    const { txid, hex } = await node.pay(100n);
    const reversed = Buffer.from(txid, 'hex').reverse().toString('hex');
    expect((await template('exclude', reversed)).error).toContain(`back to front it is: ${txid}`);
    const file = join(node.folder, 'payment.hex');
    writeFileSync(file, `${hex}\n`);
    expect((await template('include', id, '--hex', file)).error).toContain(`--hex is transaction ${txid}, not ${id}`);
  });

  test.each([
    [['--node', 'https://x'], 2, "'https://x' is not a node's RPC: http://127.0.0.1:8332 would be one"],
    [['--node', 'unix:/run/node.sock'], 2, "'unix:/run/node.sock' is an IPC socket where a node's RPC is wanted"],
    [['--node', 'ftp://me:secret@x'], 2, "'ftp://…@x' is not a node's RPC"],
    [
      ['--node', 'http://127.0.0.1:9', '--cookie', '/no/such'],
      1,
      'there is no cookie file /no/such. Is the node running?',
    ],
    [
      ['--node', 'http://a:b@127.0.0.1:9'],
      1,
      '127.0.0.1:9 cannot be reached: nobody listens there (ECONNREFUSED). Is it running',
    ],
  ])('of the node that is meant: %j', async (argv, code, error) => {
    const result = await call(['template', 'show', ...argv]);
    expect([result.code, result.error]).toEqual([code, expect.stringContaining(error)]);
    expect(result.error).not.toContain('secret');
  });

  test('that credentials are wrong', async () => {
    const url = new URL(node.rpcUrl);
    url.username = 'nobody';
    url.password = 'secret';
    const { code, error } = await call(['template', 'show', '--node', url.href]);
    expect([code, error]).toEqual([
      1,
      expect.stringContaining('refuses our credentials (HTTP 401). Give its cookie file'),
    ]);
    expect(error).not.toContain('secret');
  });
});
