import { displayHash } from '@sv2kit/bitcoin';
import type { HeldTemplate, NodeTemplate, NodeTip } from '@sv2kit/bitcoin-node';
import {
  encodeFrame,
  NewTemplate,
  type SubmitSolution,
  type TemplatesFromClient,
  type TemplatesFromServer,
  TemplateSetNewPrevHash,
} from '@sv2kit/codec';
import type { Clock, LatencyRecorder, Logger } from '@sv2kit/daemon';
import type { Accepted, Connection, ConnectionHandler, NetCloseReason } from '@sv2kit/net';
import type { ClientId, Delivery, TemplatePublisher } from '@sv2kit/templates';
import type { Allowances } from './allowance.ts';
import { Client } from './client.ts';
import type { TemplateProviderCloseReason } from './errors.ts';
import type { HeldTemplates } from './held-templates.ts';
import type { TemplateProviderMetrics } from './metrics.ts';
import type { Solutions } from './solutions.ts';
import type { FeedListener } from './template-feed.ts';
import type { TipWatch } from './tip-watch.ts';
import { TransactionAnswers } from './transaction-answers.ts';

export interface TemplateServerDeps {
  readonly publisher: TemplatePublisher<HeldTemplate>;
  readonly held: HeldTemplates;
  readonly solutions: Solutions;
  readonly allowances: Allowances;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TemplateProviderMetrics;
  /** From what the node said of a new tip to the last client told, in ms. */
  readonly tipLatency: LatencyRecorder;
  /** From a template of the node to the last client that was sent it at once, in ms. */
  readonly templateLatency: LatencyRecorder;
  readonly tips: Pick<TipWatch, 'onTip' | 'onTemplate'>;
  /** Who gets empty templates: `named` are clients with a vendor in SetupConnection (docs/ERRATA.md, 24). */
  readonly emptyAhead: 'named' | 'always' | 'never';
  /** Whether some node takes blocks that are of no template of its own, as those of empty templates are. */
  readonly takesBlocks: () => boolean;
  /** What clients need may have changed. */
  readonly onNeeds: () => void;
}

/** Carries what the publisher says to the clients, and what they say to the publisher. */
export class TemplateServer implements FeedListener {
  readonly #deps: TemplateServerDeps;
  readonly #clients = new Map<ClientId, Client>();
  readonly #answers: TransactionAnswers;

  constructor(deps: TemplateServerDeps) {
    this.#deps = deps;
    this.#answers = new TransactionAnswers(deps);
  }

  /** Everybody that is connected, the longest first. */
  get clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  /** What clients wait for and hold, for status pages. */
  status(): Readonly<Record<string, number>> {
    const clients = [...this.#clients.values()];
    return {
      outstandingTemplates: clients.reduce((sum, { allowance }) => sum + allowance.outstanding, 0),
      pausedClients: clients.filter(({ isPaused }) => isPaused).length,
      transactionDataRequests: this.#answers.waiting,
      transactionDataBytes: this.#answers.bytesUnderWay,
    };
  }

  /** A client has set up its connection. */
  accept(connection: Connection<TemplatesFromServer>): Accepted<TemplatesFromClient> {
    const { clock, allowances, log } = this.#deps;
    const { address, port } = connection.remote;
    const allowance = allowances.enter(address, clock.now());
    const client = new Client(connection, log.child({ client: connection.id }), allowance, clock.now());
    this.#clients.set(connection.id, client);
    client.log.info('client connected', { address, port });
    const handler: ConnectionHandler<TemplatesFromClient> = {
      onMessage: (message) => this.#onMessage(client, message),
      onDrain: () => this.#onDrain(client),
      onClose: ({ code }) => this.#onClose(client, code),
    };
    return { kind: 'accept', handler };
  }

  onTemplate(template: NodeTemplate, node: string): void {
    const { publisher, clock, metrics, log, tips, templateLatency } = this.#deps;
    tips.onTemplate(template);
    metrics.nodeTemplates.inc({ node });
    this.#judgeEmptyAhead();
    const before = publisher.view().prevHash;
    const reached = this.#deliver(publisher.publish(template, clock.now()), template.receivedAtMs);
    if (reached > 0) templateLatency.record(Math.max(0, clock.now() - template.receivedAtMs));
    const { prevHash, clients } = publisher.view();
    if (prevHash === undefined || (before !== undefined && Buffer.compare(before, prevHash) === 0)) return;
    log.info('new tip', { height: template.height - 1, hash: displayHash(prevHash), clients });
  }

  onTip(tip: NodeTip): void {
    const { publisher, clock, log, tips } = this.#deps;
    tips.onTip(tip);
    this.#judgeEmptyAhead();
    const clients = this.#deliver(publisher.announceTip(tip, clock.now()), tip.receivedAtMs);
    if (clients > 0) log.info('new tip announced', { height: tip.height, hash: displayHash(tip.hash), clients });
  }

  onLost(): void {
    this.#deps.publisher.withdraw(this.#deps.clock.now());
  }

  onAway(code: TemplateProviderCloseReason): void {
    this.#deps.publisher.withdraw(this.#deps.clock.now());
    for (const { connection } of this.#clients.values()) {
      connection.end(code);
    }
  }

  /** Sends updates that have become due. */
  tick(): void {
    this.#judgeEmptyAhead();
    this.#deliver(this.#deps.publisher.tick(this.#deps.clock.now()));
    this.#answers.sweep();
    for (const client of this.#clients.values()) this.#resume(client);
    this.#deps.metrics.pausedClients.set(this.status()['pausedClients'] ?? 0);
  }

  #onMessage(client: Client, message: TemplatesFromClient): void {
    const { publisher, clock, onNeeds } = this.#deps;
    const { connection, allowance } = client;
    const nowMs = clock.now();
    switch (message.type) {
      case 'CoinbaseOutputConstraints':
        allowance.take('constraints', nowMs);
        this.#deliver(publisher.setConstraints(connection.id, message, nowMs, this.#takesEmpty(client)));
        connection.markInUse();
        onNeeds();
        return;
      case 'RequestTransactionData':
        allowance.take('transactionData', nowMs);
        this.#answers.ask(connection, message.templateId);
        return;
      case 'SubmitSolution':
        this.#onSolution(client, message);
        return;
      case 'SetupConnection':
      case 'RequestExtensions':
        return; // the session's
      default:
        message satisfies never;
    }
  }

  #onSolution({ connection, allowance, log }: Client, solution: SubmitSolution): void {
    const isBlock = this.#deps.solutions.submit(solution, connection.id, log);
    connection.markInUse();
    if (!isBlock) allowance.take('refusedSolutions', this.#deps.clock.now());
  }

  #onDrain(client: Client): void {
    this.#answers.drained(client.connection.id);
    this.#resume(client);
  }

  #onClose({ connection, allowance, log }: Client, code: string): void {
    this.#clients.delete(connection.id);
    this.#deps.publisher.remove(connection.id);
    this.#answers.gone(connection.id);
    allowance.leave();
    this.#deps.onNeeds();
    log.info('client gone', { reason: code });
  }

  #takesEmpty({ connection }: Client): boolean {
    const { emptyAhead } = this.#deps;
    return emptyAhead === 'always' || (emptyAhead === 'named' && connection.setup.vendor !== '');
  }

  /** A block on an empty template is no node's template: somebody must take it as a whole. */
  #judgeEmptyAhead(): void {
    const { publisher, emptyAhead, takesBlocks } = this.#deps;
    publisher.emptyAhead = emptyAhead !== 'never' && takesBlocks();
  }

  /** Sends; returns how many clients got something. `heardAtMs`: when the node told of the tip, if it is about one. */
  #deliver(deliveries: Iterable<Delivery>, heardAtMs?: number): number {
    const { clock, metrics, tipLatency, held } = this.#deps;
    const reached = new Set<Client>();
    for (const { clients, messages, reason } of deliveries) {
      const isTip = reason === 'tip' || reason === 'announced-tip';
      const frames = messages.map(encode);
      const templates = messages.filter(({ type }) => type === 'NewTemplate').length;
      for (const id of clients) {
        const client = this.#clients.get(id);
        if (client === undefined) continue;
        if (isTip) client.allowance.settle();
        client.allowance.give(templates);
        this.#send(client, frames);
        reached.add(client);
      }
      metrics.deliveries.inc({ reason }, clients.length);
      if (isTip && heardAtMs !== undefined) tipLatency.record(Math.max(0, clock.now() - heardAtMs));
    }
    for (const client of reached) this.#resume(client);
    held.load();
    return reached.size;
  }

  /** A mistake with one client must not keep the others waiting. */
  #send(client: Client, frames: readonly Uint8Array[]): void {
    const { connection, log } = client;
    try {
      for (const frame of frames) connection.sendFrame(frame);
      connection.flush();
    } catch (error) {
      log.error('a template could not be sent', { error });
      connection.destroy('internal-error' satisfies NetCloseReason);
    }
    if (client.isPaused || !client.isFull) return;
    client.isPaused = true;
    this.#deps.publisher.pause(connection.id);
  }

  /** A client that was full and is no more gets the latest; what it missed is nobody's business. */
  #resume(client: Client): void {
    if (!client.isPaused || client.isFull) return;
    client.isPaused = false;
    const { publisher, clock } = this.#deps;
    this.#deliver(publisher.resume(client.connection.id, clock.now()));
  }
}

function encode(message: Delivery['messages'][number]): Uint8Array {
  return message.type === 'NewTemplate'
    ? encodeFrame(NewTemplate, message)
    : encodeFrame(TemplateSetNewPrevHash, message);
}
