import { sha256d, targetFromNbits, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import type { NewTemplate, TemplateSetNewPrevHash } from '@sv2kit/codec';
import {
  chainRules,
  type Delivery,
  type WholeTemplate,
  type NodeTip,
  type NodeTransaction,
  type PublisherOptions,
  TemplatePublisher,
} from '../src/index.ts';

export const NOW = 1_700_000_000_000;
export const REGTEST_NBITS = 0x207fffff;
export const MAINNET_NBITS = 0x1d00ffff;
export const SUBSIDY = 50_0000_0000n;
/** What a client asks for that fits every node's own reserve. */
export const SMALL = { coinbaseOutputMaxAdditionalSize: 43, coinbaseOutputMaxAdditionalSigops: 4 };

/** A hash that stands for a number, distinct from that of any other. */
export function hashOf(label: number | string): Uint8Array {
  return sha256d(new TextEncoder().encode(`label ${label}`));
}

export interface TransactionSpec {
  readonly name: number | string;
  readonly fee?: bigint;
  readonly weight?: number;
  readonly sigops?: number;
  readonly depends?: readonly number[];
}

export function transaction(spec: TransactionSpec): NodeTransaction {
  return {
    txid: hashOf(`txid ${spec.name}`),
    wtxid: hashOf(`wtxid ${spec.name}`),
    data: hashOf(`data ${spec.name}`),
    fee: spec.fee ?? 1000n,
    weight: spec.weight ?? 800,
    sigops: spec.sigops ?? 4,
    depends: spec.depends ?? [],
  };
}

export interface TemplateSpec extends Partial<WholeTemplate> {
  readonly subsidy?: bigint;
}

/** A node's template on the tip `hashOf(height - 1)`. */
export function template(height: number, transactions: readonly NodeTransaction[] = [], spec: TemplateSpec = {}) {
  const { subsidy = SUBSIDY, ...rest } = spec;
  const nbits = rest.nbits ?? MAINNET_NBITS;
  return {
    kind: 'whole',
    height,
    prevHash: hashOf(height - 1),
    version: 0x20000000,
    nbits,
    target: targetFromNbits(nbits),
    curtime: NOW / 1000,
    mintime: NOW / 1000 - 3600,
    coinbaseValue: subsidy + transactions.reduce((sum, { fee }) => sum + fee, 0n),
    transactions,
    defaultWitnessCommitment: witnessCommitmentOutput(transactions.map(({ wtxid }) => wtxid)).script,
    weightLimit: 4_000_000,
    sigopLimit: 80_000,
    receivedAtMs: NOW,
    ...rest,
  } satisfies WholeTemplate;
}

/** The block at `height`, as the node tells of it. */
export function tip(height: number, spec: Partial<NodeTip> = {}): NodeTip {
  return {
    hash: hashOf(height),
    previousHash: hashOf(height - 1),
    height,
    nbits: MAINNET_NBITS,
    medianTime: NOW / 1000 - 3600,
    ...spec,
  };
}

export function publisher(options: Partial<PublisherOptions> = {}): TemplatePublisher {
  return new TemplatePublisher({
    rules: chainRules('mainnet'),
    firstTemplateId: 100n,
    feeThreshold: 1000n,
    minIntervalMs: 5000,
    emptyAhead: true,
    ...options,
  });
}

/** A publisher whose clients are connected and have the template of `height`. */
export function serving(
  height: number,
  options: { readonly clients?: readonly number[]; readonly publisher?: Partial<PublisherOptions> } = {},
): TemplatePublisher {
  const server = publisher(options.publisher);
  drain(server.publish(template(height), NOW));
  for (const client of options.clients ?? [1]) drain(server.setConstraints(client, SMALL, NOW));
  return server;
}

export function drain(deliveries: Iterable<Delivery>): Delivery[] {
  return [...deliveries];
}

/** Deliveries in short: `reason>clients: +id future template, =id template, @id tip`. */
export function brief(deliveries: Iterable<Delivery>): string[] {
  return drain(deliveries).map(
    ({ reason, clients, messages }) => `${reason}>${clients.join()}: ${messages.map(briefMessage).join(' ')}`,
  );
}

function briefMessage(message: NewTemplate | TemplateSetNewPrevHash): string {
  if (message.type === 'SetNewPrevHash') return `@${message.templateId}`;
  return `${message.futureTemplate ? '+' : '='}${message.templateId}`;
}

export function messagesOf(deliveries: Iterable<Delivery>): (NewTemplate | TemplateSetNewPrevHash)[] {
  return drain(deliveries).flatMap(({ messages }) => messages);
}

/** The answer to RequestTransactionData, of a server that has the transactions. */
export function dataOf(server: TemplatePublisher, templateId: bigint, nowMs: number) {
  const answer = server.transactionData(templateId, nowMs);
  if ('kind' in answer) throw new Error(`template ${templateId} is pending`);
  return answer;
}
