import { isRecord, resultOf } from './answer.ts';
import { Fields, malformed, writeHex } from './fields.ts';
import { type Listed, Repeats } from '../decoding/repeats.ts';
import type { PackedTemplate } from './packed-template.ts';

const METHOD = 'getblocktemplate';
/** What a block may weigh where the node does not say. */
const MAX_BLOCK_WEIGHT = 4_000_000;
const UINT32_MAX = 0xffff_ffff;

/** Decodes a node's answers to getblocktemplate, one after another. Runs in a worker: it is free to take its time. */
export class TemplateDecoder {
  readonly #repeats = new Repeats();

  /** @throws RpcError `rpc` for an error of the node's, `malformed` for an answer that is not a template */
  decode(body: Uint8Array): PackedTemplate {
    const result = resultOf(METHOD, body);
    const fields = new Fields(METHOD, result);
    const list = fields.list('transactions').map(readTransaction);
    const depends = packDepends(list);
    const reused = this.#repeats.find(list);
    const fresh = packFresh(list.filter((_, index) => reused[index] === -1));
    const commitment = fields.optionalText('default_witness_commitment');
    const limits = new Fields(METHOD, { weightlimit: MAX_BLOCK_WEIGHT, ...(isRecord(result) ? result : {}) });
    const template = {
      height: fields.integer('height', 1, UINT32_MAX),
      prevHash: fields.hash('previousblockhash'),
      version: fields.integer('version', -0x8000_0000, UINT32_MAX) >>> 0,
      nbits: fields.nbits('bits'),
      target: fields.hash('target'),
      curtime: fields.integer('curtime', 0, UINT32_MAX),
      mintime: fields.integer('mintime', 0, UINT32_MAX),
      coinbaseValue: fields.integer('coinbasevalue'),
      defaultWitnessCommitment: commitment === undefined ? undefined : fields.bytes('default_witness_commitment'),
      weightLimit: limits.integer('weightlimit'),
      sigopLimit: fields.integer('sigoplimit'),
      longPollId: fields.optionalText('longpollid'),
      reused,
      ...depends,
      fresh,
    };
    this.#repeats.remember(list, reused, fresh.data.length);
    return template;
  }
}

interface ListedTransaction extends Listed {
  readonly path: string;
  readonly fields: Fields;
  readonly hex: string;
  readonly depends: readonly number[];
}

function readTransaction(value: unknown, index: number): ListedTransaction {
  const path = `transactions[${index}]`;
  const fields = new Fields(METHOD, value, path);
  const depends = fields.list('depends').map((position) => {
    // BIP22 counts from 1.
    if (typeof position !== 'number' || !Number.isInteger(position) || position < 1 || position > index) {
      throw malformed(METHOD, `${path}.depends`, 'a list of positions before its own');
    }
    return position - 1;
  });
  const hex = fields.text('data');
  return { path, fields, key: fields.text('hash'), bytes: hex.length >> 1, hex, depends };
}

function packDepends(list: readonly ListedTransaction[]): Pick<PackedTemplate, 'depends' | 'dependsEnds'> {
  const depends = new Uint32Array(list.reduce((sum, transaction) => sum + transaction.depends.length, 0));
  const dependsEnds = new Uint32Array(list.length);
  let end = 0;
  list.forEach((transaction, index) => {
    depends.set(transaction.depends, end);
    end += transaction.depends.length;
    dependsEnds[index] = end;
  });
  return { depends, dependsEnds };
}

function packFresh(list: readonly ListedTransaction[]): PackedTemplate['fresh'] {
  const fresh = {
    data: new Uint8Array(list.reduce((sum, { bytes }) => sum + bytes, 0)),
    ends: new Uint32Array(list.length),
    ids: new Uint8Array(list.length * 64),
    fees: new Float64Array(list.length),
    weights: new Uint32Array(list.length),
    sigops: new Uint32Array(list.length),
  };
  let end = 0;
  list.forEach(({ path, fields, hex, bytes }, index) => {
    if (hex === '' || !writeHex(fresh.data, end, hex)) throw malformed(METHOD, `${path}.data`, 'hex');
    end += bytes;
    fresh.ends[index] = end;
    fresh.ids.set(fields.hash('txid'), index * 64);
    fresh.ids.set(fields.hash('hash'), index * 64 + 32);
    fresh.fees[index] = fields.integer('fee');
    fresh.weights[index] = fields.integer('weight', 1, UINT32_MAX);
    fresh.sigops[index] = fields.integer('sigops', 0, UINT32_MAX);
  });
  return fresh;
}
