import { fromDisplayHash } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TemplateAssembler } from '../src/rpc/template-assembler.ts';
import { TemplateDecoder } from '../src/rpc/template-decoder.ts';
import { templateJson, transactionJson } from './fake-node.ts';

const encode = (result: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ result, error: null, id: 1 }));
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

class Reader {
  readonly decoder = new TemplateDecoder();
  readonly assembler = new TemplateAssembler();
  read(result: unknown) {
    return this.assembler.assemble(this.decoder.decode(encode(result)), 7);
  }
}

describe('one template', () => {
  test('has its numbers, hashes in internal byte order, and depends counted from 0 (BIP22)', () => {
    const list = [transactionJson(1), transactionJson(2), transactionJson(3, { depends: [1, 2] })];
    const template = new Reader().read(templateJson({ transactions: list }));
    expect(template).toEqual({
      kind: 'whole',
      height: 101,
      prevHash: bytes(`${'ab'.repeat(28)}${'00'.repeat(4)}`),
      version: 0x2000_0000,
      nbits: 0x207f_ffff,
      target: bytes(`${'ff'.repeat(31)}7f`),
      curtime: 1_700_000_100,
      mintime: 1_700_000_001,
      coinbaseValue: 5_000_000_000n,
      defaultWitnessCommitment: bytes(`6a24aa21a9ed${'11'.repeat(32)}`),
      weightLimit: 4_000_000,
      sigopLimit: 80_000,
      receivedAtMs: 7,
      transactions: list.map((entry, index) => ({
        txid: fromDisplayHash(String(entry['txid'])),
        wtxid: fromDisplayHash(String(entry['hash'])),
        data: bytes(String(entry['data'])),
        fee: 1_001n + BigInt(index),
        weight: 400,
        sigops: 4,
        depends: index === 2 ? [0, 1] : [],
      })),
    });
  });

  test('may lack the commitment and the weight limit, as before segregated witness', () => {
    const template = new Reader().read(
      templateJson({ default_witness_commitment: undefined, weightlimit: undefined, version: -1 }),
    );
    expect(template.defaultWitnessCommitment).toBeUndefined();
    expect(template.weightLimit).toBe(4_000_000);
    expect(template.version).toBe(0xffff_ffff);
  });

  const malformed: readonly { readonly name: string; readonly result: unknown; readonly path: string }[] = [
    { name: 'is a list', result: [], path: 'result' },
    { name: 'has no transactions', result: templateJson({ transactions: null }), path: 'result.transactions' },
    { name: 'has a height of 0', result: templateJson({ height: 0 }), path: 'result.height' },
    { name: 'has a fraction of a satoshi', result: templateJson({ coinbasevalue: 0.5 }), path: 'result.coinbasevalue' },
    {
      name: 'has a short prevhash',
      result: templateJson({ previousblockhash: 'ab' }),
      path: 'result.previousblockhash',
    },
    { name: 'has bits that are not hex', result: templateJson({ bits: '207fffgg' }), path: 'result.bits' },
    { name: 'has a target of 31 bytes', result: templateJson({ target: 'ff'.repeat(31) }), path: 'result.target' },
    { name: 'has a time past 2106', result: templateJson({ curtime: 2 ** 32 }), path: 'result.curtime' },
    { name: 'has an id that is a number', result: templateJson({ longpollid: 1 }), path: 'result.longpollid' },
    ...[
      { data: '0' },
      { data: 'zz' },
      { data: '' },
      { data: 5 },
      { txid: '00' },
      { hash: 'x'.repeat(64) },
      { fee: -1 },
      { weight: 0 },
      { sigops: '4' },
      { depends: [0] },
      { depends: [2] },
      { depends: 'none' },
    ].map((change) => ({
      name: `has a transaction with ${JSON.stringify(change).slice(0, 20)}`,
      result: templateJson({ transactions: [transactionJson(1), transactionJson(2, change)] }),
      path: `transactions[1].${Object.keys(change)[0]}`,
    })),
  ];
  for (const { name, result, path } of malformed) {
    test(`that ${name} is refused, naming ${path}`, () => {
      expect(() => new Reader().read(result)).toThrow(
        expect.objectContaining({ code: 'malformed', details: { method: 'getblocktemplate', path } }),
      );
    });
  }

  test('that is an error of the node’s is that error', () => {
    const body = new TextEncoder().encode('{"result":null,"error":{"code":-10,"message":"still syncing"},"id":1}');
    expect(() => new TemplateDecoder().decode(body)).toThrow(
      expect.objectContaining({ code: 'rpc', details: { method: 'getblocktemplate', rpcCode: -10 } }),
    );
  });
});

describe('templates that follow each other', () => {
  test('share the transactions that both hold, whatever their places', () => {
    const reader = new Reader();
    const first = reader.read(templateJson({ transactions: [1, 2, 3].map((seed) => transactionJson(seed)) }));
    const second = reader.read(templateJson({ transactions: [4, 3, 1].map((seed) => transactionJson(seed)) }));
    expect(second.transactions[1]).toBe(first.transactions[2]);
    expect(second.transactions[2]).toBe(first.transactions[0]);
    expect(second.transactions[0]?.fee).toBe(1_004n);
  });

  test('share the bytes of a transaction whose parents moved, and have its new places', () => {
    const reader = new Reader();
    const child = (depends: number[]): unknown => transactionJson(9, { depends });
    const first = reader.read(templateJson({ transactions: [transactionJson(1), child([1])] }));
    const second = reader.read(templateJson({ transactions: [transactionJson(2), transactionJson(1), child([2])] }));
    expect(second.transactions[2]?.data).toBe(first.transactions[1]?.data);
    expect(second.transactions[2]?.depends).toEqual([1]);
    expect(first.transactions[1]?.depends).toEqual([0]);
  });

  test('are not confused by a malformed one in between', () => {
    const reader = new Reader();
    const list = [transactionJson(1), transactionJson(2)];
    const first = reader.read(templateJson({ transactions: list }));
    expect(() => reader.read(templateJson({ transactions: [transactionJson(5)], sigoplimit: 'many' }))).toThrow();
    expect(reader.read(templateJson({ transactions: list })).transactions).toEqual(first.transactions);
  });

  test('do not keep megabytes alive for the sake of one small transaction', () => {
    const reader = new Reader();
    const small = transactionJson(1);
    const large = transactionJson(2, { data: 'ab'.repeat(1_500_000) });
    const first = reader.read(templateJson({ transactions: [small, large] }));
    const second = reader.read(templateJson({ transactions: [small] }));
    expect(second.transactions).toEqual(first.transactions.slice(0, 1));
    expect(second.transactions[0]?.data.buffer.byteLength).toBe(101);
  });

  test('hold the same as if each had been read on its own', () => {
    const list = fc.uniqueArray(fc.nat(60), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 6 }), (templates) => {
        const reader = new Reader();
        for (const seeds of templates) {
          const transactions = seeds.map((seed, index) =>
            transactionJson(seed, { depends: index > 0 && seed % 3 === 0 ? [index] : [] }),
          );
          const json = templateJson({ transactions });
          expect(reader.read(json)).toEqual(new Reader().read(json));
        }
      }),
      { numRuns: 200 },
    );
  });
});
