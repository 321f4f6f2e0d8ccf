import { displayHash, heightOf, parseTransaction } from '@sv2kit/bitcoin';
import { templateDistribution, type TemplatesFromClient, type TemplatesFromServer } from '@sv2kit/codec';
import { type CloseReason, type Connection, type ConnectionHandler, connect } from '@sv2kit/net';
import type { parseUrl } from '@sv2kit/noise';
import { TemplateClient, type WorkTemplate, type WorkTip } from '@sv2kit/templates';
import { CommandError, reasonOf } from '../command.ts';
import type { TemplateSnapshot, TemplateTransaction } from './snapshot.ts';

const PATIENCE_MS = 20_000;
/** A provider may start its clients on an empty block; the full one follows. */
const FULL_TEMPLATE_MS = 1_000;
/** Room for one output: what a pool asks for, so that the same transactions give way to the coinbase. */
const ROOM = { coinbaseOutputMaxAdditionalSize: 64, coinbaseOutputMaxAdditionalSigops: 4 } as const;

/**
 * What a template provider gives out (§7): its template, and the transactions by RequestTransactionData.
 *
 * @throws CommandError
 */
export async function providerTemplate(url: string, address: ReturnType<typeof parseUrl>): Promise<TemplateSnapshot> {
  const reader = new TemplateReader();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const connection = await connect({
      host: address.host,
      port: address.port,
      authority: address.authority,
      protocol: templateDistribution,
      setup: { vendor: 'sv2kit', deviceId: 'template-diff' },
      signal,
      handler: (opened) => reader.attach(opened),
    });
    const found = await reader.found;
    connection.end('done');
    return { from: url, ...found };
  } catch (error) {
    const reason = signal.aborted ? `no template within ${PATIENCE_MS / 1_000} s` : reasonOf(error);
    throw new CommandError(`the template provider at ${url}: ${reason}`);
  }
}

type Found = Omit<TemplateSnapshot, 'from' | 'chain'>;

interface Work {
  readonly template: WorkTemplate;
  readonly tip: WorkTip;
}

/** Waits for a template and asks for its transactions, and once more when they are gone with their tip. */
class TemplateReader implements ConnectionHandler<TemplatesFromServer> {
  readonly #client = new TemplateClient();
  readonly #outcome = Promise.withResolvers<Found>();
  #connection: Connection<TemplatesFromClient> | undefined;
  readonly #asked = new Map<bigint, Work>();
  #fuller: NodeJS.Timeout | undefined;

  constructor() {
    // Whoever waits hears of it; when connecting has failed already, nobody does.
    this.#outcome.promise.catch(() => undefined);
  }

  get found(): Promise<Found> {
    return this.#outcome.promise;
  }

  attach(connection: Connection<TemplatesFromClient>): this {
    this.#connection = connection;
    connection.send(this.#client.constraints(ROOM));
    return this;
  }

  onMessage(message: TemplatesFromServer): void {
    const event = this.#client.receive(message);
    switch (event.kind) {
      case 'activated':
      case 'update':
        return this.#onWork(event);
      case 'transaction-data':
        return this.#onTransactions(event.templateId, event.transactions);
      case 'transaction-data-refused':
        return this.#onRefused(event.templateId, event.errorCode);
      case 'future-template':
      case 'tip-without-template':
      case 'ignored':
        return;
      default:
        return event satisfies never;
    }
  }

  onClose({ code, error }: CloseReason): void {
    clearTimeout(this.#fuller);
    this.#outcome.reject(new Error(`the connection ended: ${error?.message ?? code}`));
  }

  #onWork(work: Work): void {
    if (work.template.merklePath.length > 0) this.#ask(work);
    else this.#fuller ??= setTimeout(() => this.#ask(this.#client.current ?? work), FULL_TEMPLATE_MS);
  }

  #ask(work: Work): void {
    clearTimeout(this.#fuller);
    const { templateId } = work.template;
    this.#asked.set(templateId, work);
    this.#connection?.send(this.#client.requestTransactionData(templateId));
  }

  #onTransactions(templateId: bigint, transactions: readonly Uint8Array[]): void {
    const work = this.#asked.get(templateId);
    if (work === undefined) return;
    const { template, tip } = work;
    this.#outcome.resolve({
      height: heightOf(template.coinbasePrefix),
      prevHash: displayHash(tip.prevHash),
      transactions: transactions.map(readTransaction),
      value: template.coinbaseTxValueRemaining,
    });
  }

  #onRefused(templateId: bigint, errorCode: string): void {
    const { current } = this.#client;
    if (current !== undefined && !this.#asked.has(current.template.templateId)) return this.#ask(current);
    if (current?.template.templateId !== templateId) return;
    this.#outcome.reject(new Error(`it does not tell its transactions: ${errorCode}`));
  }
}

function readTransaction(received: Uint8Array): TemplateTransaction {
  const data = new Uint8Array(received);
  const { txid, weight } = parseTransaction(data);
  return { txid: displayHash(txid), weight, data };
}
