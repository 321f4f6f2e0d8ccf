import {
  BIP323_MASK,
  encodeOutputs,
  heightPush,
  nbitsFromTarget,
  targetFromBigint,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type { NewTemplate, TemplateSetNewPrevHash, TemplatesFromClient, TemplatesFromServer } from '@sv2kit/codec';
import { Job, type JobOrigin, payTo, type Solution, templateJob, type Tip, type WorkTemplate } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Connection, ConnectionHandler, ConnectOptions } from '@sv2kit/net';
import type { Endpoint } from '@sv2kit/upstream';
import type { templateDistribution } from '@sv2kit/codec';
import type { WorkSink } from '../src/index.ts';

/** 2024-01-01 in milliseconds. */
export const NOW = 1_704_067_200_000;
/** One hash in 16 is a block. */
export const NETWORK_TARGET = targetFromBigint(0xffffn << 236n);
export const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

/** NewTemplate of a height; `transactions` only makes its merkle path longer. */
export function newTemplate(id: number, height: number, futureTemplate: boolean, transactions = 0): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: BigInt(id),
    futureTemplate,
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(height),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 625_000_000n,
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
    coinbaseTxLocktime: height - 1,
    merklePath: transactions === 0 ? [] : [bytes(32, transactions)],
  };
}

export function prevHash(id: number, height: number): TemplateSetNewPrevHash {
  const headerTimestamp = NOW / 1000;
  return {
    type: 'SetNewPrevHash',
    templateId: BigInt(id),
    prevHash: bytes(32, height),
    headerTimestamp,
    nbits: nbitsFromTarget(NETWORK_TARGET),
    target: NETWORK_TARGET,
  };
}

/** What no provider has a template for. */
const NO_TEMPLATE = 0xffff_ffff_ffff_ffffn;

/** A template provider that a fake `connect` reaches. */
export class FakeProvider {
  readonly received: TemplatesFromClient[] = [];
  up = true;
  connections = 0;
  /** How often it was asked whether it is there. */
  questions = 0;
  /** It answers no such question. */
  isStuck = false;
  #handler: ConnectionHandler<TemplatesFromServer> | undefined;

  async accept(options: ConnectOptions<typeof templateDistribution>): Promise<unknown> {
    await Promise.resolve();
    if (!this.up) throw new Error('connection refused');
    this.connections += 1;
    const connection = {
      send: (message: TemplatesFromClient) => this.#onMessage(message),
      flush() {},
      end: () => this.#lose('ended'),
      destroy: () => this.#lose('destroyed'),
    };
    this.#handler = options.handler(connection as unknown as Connection<TemplatesFromClient>);
    return connection;
  }

  #onMessage(message: TemplatesFromClient): void {
    if (message.type !== 'RequestTransactionData' || message.templateId !== NO_TEMPLATE) {
      this.received.push(message);
      return;
    }
    this.questions += 1;
    if (this.isStuck) return;
    const { templateId } = message;
    this.says({ type: 'RequestTransactionDataError', templateId, errorCode: 'template-id-not-found' });
  }

  says(...messages: TemplatesFromServer[]): void {
    for (const message of messages) this.#handler?.onMessage(message);
  }

  /** The connection breaks. */
  lose(): void {
    this.up = false;
    this.#lose('peer-closed');
  }

  of<T extends TemplatesFromClient['type']>(type: T): Extract<TemplatesFromClient, { type: T }>[] {
    return this.received.filter(
      (message): message is Extract<TemplatesFromClient, { type: T }> => message.type === type,
    );
  }

  #lose(code: string): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose({ code });
  }
}

/** Endpoints and a `connect` for fake providers. */
export function network(...providers: FakeProvider[]) {
  const endpoints: Endpoint[] = providers.map((_, index) => ({ name: `tp${index}`, host: 'tp.test', port: index + 1 }));
  const connect = (options: ConnectOptions<typeof templateDistribution>): Promise<unknown> => {
    const provider = providers[options.port - 1];
    return provider === undefined ? Promise.reject(new Error('no such host')) : provider.accept(options);
  };
  return { endpoints, connect };
}

/** A mining server that writes down what it is told. */
export class FakeSink implements WorkSink {
  readonly log: string[] = [];
  readonly templates: WorkTemplate[] = [];
  working = false;

  prepare(template: WorkTemplate): void {
    this.log.push(`prepare ${template.templateId}`);
  }
  activate(template: WorkTemplate, tip: Tip): void {
    this.log.push(`activate ${template.templateId} on ${tip.prevHash[0]}`);
    this.templates.push(template);
    this.working = true;
  }
  update(template: WorkTemplate): boolean {
    this.log.push(`update ${template.templateId}`);
    this.templates.push(template);
    return true;
  }
  forgetPrepared(): void {
    this.log.push('forget');
  }
  suspend(): void {
    this.log.push('suspend');
    this.working = false;
  }
  take(): string[] {
    return this.log.splice(0);
  }
}

/** A solution of a template; its proof of work is nobody's business here. */
export function solution(template: WorkTemplate, fill = 1): Solution {
  const recipe = {
    payout: payTo(Uint8Array.of(0x51), 'p'),
    tag: bytes(1, 65),
    extranonceSize: 8,
    versionMask: BIP323_MASK,
    numbered: true,
  };
  return solved(templateJob(1, template, recipe, 1), fill);
}

/** The template behind a block. */
export function madeFrom({ solution: { job } }: FoundBlock): WorkTemplate {
  if (job.origin.kind !== 'template') throw new Error('the job is no template made into work');
  return job.origin.template;
}

/** A solution of a job that a miner has set. @param transactions 0: its coinbase alone */
export function customSolution(
  mode: Extract<JobOrigin, { kind: 'custom' }>['mode'],
  fill = 1,
  transactions = 1,
): Solution {
  const { type: _type, futureTemplate: _future, ...template } = newTemplate(1, 100, false, transactions);
  const { id, version, merklePath, coinbase, versionMask, numbered, height, credit } = solution(template, fill).job;
  const origin = { kind: 'custom', mode, tokenId: bytes(16, 1) } as const;
  return solved(new Job({ id, origin, version, merklePath, coinbase, versionMask, numbered, height, credit }), fill);
}

function solved(job: Job, fill: number): Solution {
  return {
    job,
    hash: bytes(32, fill),
    header: bytes(80, fill),
    version: 0x20000000,
    ntime: NOW / 1000,
    nonce: fill,
    coinbase: Uint8Array.of(...job.coinbase.segwitPrefix, ...bytes(8, 0), ...job.coinbase.segwitSuffix),
    extranonce: bytes(8, 0),
  };
}
