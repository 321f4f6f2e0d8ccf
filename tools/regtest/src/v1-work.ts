// A V1 pool's work on a real node's template, and its judgement of shares: written from the protocol's descriptions and
// on the product's hashing alone, so that it can be held against what the product says.
import {
  buildCoinbase,
  type CoinbaseParts,
  encodeBlock,
  encodeHeader,
  hashHeader,
  heightPush,
  joinCoinbase,
  meetsTarget,
  merklePathOf,
  merkleRoot,
  sha256d,
  targetFromDifficulty,
} from '@sv2kit/bitcoin';
import type { WholeTemplate } from '@sv2kit/bitcoin-node';
import { fromHex, toHex, turnWords, wordHex } from './json-lines.ts';

/** What a miner's job was sent with, whatever has changed since. */
export interface V1Terms {
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  readonly difficulty: number;
  readonly versionMask: number;
}

/** A share as its submit says it. */
export interface V1Submit {
  readonly username: string;
  readonly jobId: string;
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** The sixth parameter. */
  readonly versionBits: number | undefined;
}

export type V1Judgement =
  /** `hash` as the node shows it; `block` when it is one, serialized. */
  | { readonly kind: 'accepted'; readonly hash: string; readonly block: Uint8Array | undefined }
  | { readonly kind: 'refused'; readonly error: V1Refusal };

/** Number and text, as mining.submit is answered with them. */
export type V1Refusal = readonly [number, string];

const TAG = Buffer.from('/v1-scenario/');
const FAR_AHEAD = 7_200;

/** One job: a template with a coinbase of the pool's around an extranonce of whatever size. */
export class V1Work {
  readonly jobId: string;
  readonly template: WholeTemplate;
  readonly #payout: Uint8Array;
  readonly #branches: readonly Uint8Array[];
  readonly #coinbases = new Map<number, CoinbaseParts>();

  constructor(jobId: string, template: WholeTemplate, payout: Uint8Array) {
    this.jobId = jobId;
    this.template = template;
    this.#payout = payout;
    this.#branches = merklePathOf(template.transactions.map(({ txid }) => txid));
  }

  /** The params of mining.notify. */
  notify({ extranonce1, extranonce2Size }: V1Terms, clean: boolean): readonly unknown[] {
    const { version, nbits, curtime, prevHash } = this.template;
    const { prefix, suffix } = this.#coinbase(extranonce1.length + extranonce2Size);
    return [
      this.jobId,
      toHex(turnWords(prevHash)),
      toHex(prefix),
      toHex(suffix),
      this.#branches.map(toHex),
      wordHex(version),
      wordHex(nbits),
      wordHex(curtime),
      clean,
    ];
  }

  /** Everything but whether the job is stale and the share new. */
  judge(submit: V1Submit, terms: V1Terms): V1Judgement {
    const { template } = this;
    const { extranonce2, ntime, versionBits = template.version & terms.versionMask } = submit;
    if (extranonce2.length !== terms.extranonce2Size) return refused(20, `extranonce2 of ${extranonce2.length} bytes`);
    if ((versionBits & ~terms.versionMask) !== 0) return refused(20, 'version bits outside the mask');
    if (ntime < template.curtime || ntime > template.curtime + FAR_AHEAD) return refused(20, 'ntime out of range');
    const extranonce = Buffer.concat([terms.extranonce1, extranonce2]);
    const parts = this.#coinbase(extranonce.length);
    const header = encodeHeader({
      version: ((template.version & ~terms.versionMask) | versionBits) >>> 0,
      prevHash: template.prevHash,
      merkleRoot: merkleRoot(sha256d(joinCoinbase(parts, extranonce, { segwit: false })), this.#branches),
      ntime,
      nbits: template.nbits,
      nonce: submit.nonce,
    });
    const hash = hashHeader(header);
    const shown = toHex(hash.toReversed());
    if (meetsTarget(hash, template.target)) {
      const coinbase = joinCoinbase(parts, extranonce, { segwit: template.defaultWitnessCommitment !== undefined });
      const transactions = template.transactions.map(({ data }) => data);
      return { kind: 'accepted', hash: shown, block: encodeBlock(header, coinbase, transactions) };
    }
    if (!meetsTarget(hash, targetFromDifficulty(terms.difficulty))) return refused(23, 'Low difficulty share');
    return { kind: 'accepted', hash: shown, block: undefined };
  }

  #coinbase(extranonceSize: number): CoinbaseParts {
    const known = this.#coinbases.get(extranonceSize);
    if (known !== undefined) return known;
    const { height, coinbaseValue, defaultWitnessCommitment: commitment } = this.template;
    const parts = buildCoinbase({
      txVersion: 2,
      scriptSigPrefix: heightPush(height),
      tag: TAG,
      extranonceSize,
      sequence: 0xffff_ffff,
      outputs: [
        { value: coinbaseValue, script: this.#payout },
        ...(commitment === undefined ? [] : [{ value: 0n, script: commitment }]),
      ],
      locktime: 0,
      segwit: commitment !== undefined,
    });
    this.#coinbases.set(extranonceSize, parts);
    return parts;
  }
}

/** A submit's params; undefined when they are none. */
export function readSubmit(params: readonly unknown[]): V1Submit | undefined {
  const [username, jobId, extranonce2, ntime, nonce, bits] = params;
  if (typeof username !== 'string' || typeof jobId !== 'string' || typeof extranonce2 !== 'string') return undefined;
  if (![ntime, nonce].every(isWord) || (bits !== undefined && !isWord(bits))) return undefined;
  const number = (digits: unknown): number => Number.parseInt(String(digits), 16);
  const versionBits = bits === undefined ? undefined : number(bits);
  return {
    username,
    jobId,
    extranonce2: fromHex(extranonce2),
    ntime: number(ntime),
    nonce: number(nonce),
    versionBits,
  };
}

const isWord = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{8}$/i.test(value);

function refused(code: number, text: string): V1Judgement {
  return { kind: 'refused', error: [code, text] };
}
