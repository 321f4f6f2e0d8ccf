import { displayHash } from '@sv2kit/bitcoin';
import type { NodeTemplate, NodeTip } from '@sv2kit/bitcoin-node';
import { ProtocolError, type SubmitSolution, type TemplatesFromClient, type TemplatesFromServer } from '@sv2kit/codec';
import type { Clock, LatencyRecorder, Logger } from '@sv2kit/daemon';
import type { Accepted, Connection, ConnectionHandler, NetCloseReason } from '@sv2kit/net';
import type { ClientId, Delivery, TemplatePublisher } from '@sv2kit/templates';
import type { BlockDesk } from './block-desk.ts';
import type { TemplateProviderCloseReason, TemplateProviderErrorCode } from './errors.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';
import type { FeedListener } from './template-feed.ts';

export interface TemplateServerDeps {
  readonly publisher: TemplatePublisher;
  readonly desk: Pick<BlockDesk, 'submit'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TemplateProviderMetrics;
  /** From what the node said of a new tip to the last client told, in ms. */
  readonly tipLatency: LatencyRecorder;
  /** Who gets empty templates: `named` are clients with a vendor in SetupConnection (docs/ERRATA.md, 24). */
  readonly emptyAhead: 'named' | 'always' | 'never';
}

interface Client {
  readonly connection: Connection<TemplatesFromServer>;
  readonly log: Logger;
  readonly constraints: RateLimit;
  readonly transactionData: RateLimit;
  readonly refusedSolutions: RateLimit;
}

/** Carries what the publisher says to the clients, and what they say to the publisher. */
export class TemplateServer implements FeedListener {
  readonly #deps: TemplateServerDeps;
  readonly #clients = new Map<ClientId, Client>();

  constructor(deps: TemplateServerDeps) {
    this.#deps = deps;
  }

  /** A client has set up its connection. */
  accept(connection: Connection<TemplatesFromServer>): Accepted<TemplatesFromClient> {
    const { clock, publisher } = this.#deps;
    const nowMs = clock.now();
    const { address, port } = connection.remote;
    const client: Client = {
      connection,
      log: this.#deps.log.child({ client: connection.id }),
      constraints: new RateLimit(LIMITS.constraintsBurst, LIMITS.constraintsPerSecond, nowMs),
      transactionData: new RateLimit(LIMITS.transactionDataBurst, LIMITS.transactionDataPerSecond, nowMs),
      refusedSolutions: new RateLimit(LIMITS.refusedSolutionsBurst, LIMITS.refusedSolutionsPerSecond, nowMs),
    };
    this.#clients.set(connection.id, client);
    client.log.info('client connected', { address, port });
    const handler: ConnectionHandler<TemplatesFromClient> = {
      onMessage: (message) => this.#onMessage(client, message),
      onDrain: () => this.#deliver(publisher.resume(connection.id, clock.now())),
      onClose: ({ code }) => {
        this.#clients.delete(connection.id);
        publisher.remove(connection.id);
        client.log.info('client gone', { reason: code });
      },
    };
    return { kind: 'accept', handler };
  }

  onTemplate(template: NodeTemplate, node: string): void {
    const { publisher, clock, metrics, log } = this.#deps;
    metrics.nodeTemplates.inc({ node });
    const before = publisher.view().prevHash;
    this.#deliver(publisher.publish(template, clock.now()), template.receivedAtMs);
    const { prevHash, clients } = publisher.view();
    if (prevHash === undefined || (before !== undefined && Buffer.compare(before, prevHash) === 0)) return;
    log.info('new tip', { height: template.height - 1, hash: displayHash(prevHash), clients });
  }

  onTip(tip: NodeTip): void {
    const { publisher, clock, log } = this.#deps;
    const clients = this.#deliver(publisher.announceTip(tip, clock.now()), tip.receivedAtMs);
    if (clients > 0) log.info('new tip announced', { height: tip.height, hash: displayHash(tip.hash), clients });
  }

  onAway(): void {
    this.#deps.publisher.withdraw(this.#deps.clock.now());
    for (const { connection } of this.#clients.values()) {
      connection.end('node-away' satisfies TemplateProviderCloseReason);
    }
  }

  /** Sends updates that have become due. */
  tick(): void {
    this.#deliver(this.#deps.publisher.tick(this.#deps.clock.now()));
  }

  #onMessage(client: Client, message: TemplatesFromClient): void {
    const { publisher, clock, metrics } = this.#deps;
    const nowMs = clock.now();
    switch (message.type) {
      case 'CoinbaseOutputConstraints':
        this.#hold(client.constraints, 'too-many-constraints');
        this.#deliver(publisher.setConstraints(client.connection.id, message, nowMs, this.#takesEmpty(client)));
        client.connection.markInUse();
        return;
      case 'RequestTransactionData': {
        this.#hold(client.transactionData, 'too-many-transaction-requests');
        if (client.connection.queuedBytes > LIMITS.transactionDataBacklog) throw provoked('transaction-data-backlog');
        const answer = publisher.transactionData(message.templateId, nowMs);
        metrics.transactionData.inc({ outcome: 'errorCode' in answer ? answer.errorCode : 'success' });
        client.connection.send(answer);
        return;
      }
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

  #takesEmpty({ connection }: Client): boolean {
    const { emptyAhead } = this.#deps;
    return emptyAhead === 'always' || (emptyAhead === 'named' && connection.setup.vendor !== '');
  }

  #onSolution(client: Client, solution: SubmitSolution): void {
    const { publisher, desk, metrics } = this.#deps;
    const outcome = publisher.solve(solution);
    client.connection.markInUse();
    metrics.solutions.inc({ outcome: outcome.kind === 'block' ? 'block' : outcome.code });
    if (outcome.kind === 'block') {
      const { block, height, stale, templateId } = outcome;
      desk.submit(block, { client: client.connection.id, height, stale, templateId: String(templateId) });
      return;
    }
    client.log.warn('solution refused', { code: outcome.code, templateId: String(outcome.templateId) });
    this.#hold(client.refusedSolutions, 'too-many-refused-solutions');
  }

  #hold(limit: RateLimit, code: TemplateProviderErrorCode): void {
    if (!limit.take(this.#deps.clock.now())) throw provoked(code);
  }

  /** Sends; returns how many clients got something. `heardAtMs`: when the node told of the tip, if it is about one. */
  #deliver(deliveries: Iterable<Delivery>, heardAtMs?: number): number {
    const { clock, metrics, tipLatency } = this.#deps;
    const reached = new Set<ClientId>();
    for (const { clients, messages, reason } of deliveries) {
      for (const id of clients) {
        this.#send(id, messages);
        reached.add(id);
      }
      metrics.deliveries.inc({ reason }, clients.length);
      const isTip = reason === 'tip' || reason === 'announced-tip';
      if (isTip && heardAtMs !== undefined) tipLatency.record(Math.max(0, clock.now() - heardAtMs));
    }
    return reached.size;
  }

  /** A mistake with one client must not keep the others waiting. */
  #send(id: ClientId, messages: Delivery['messages']): void {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    const { connection, log } = client;
    try {
      for (const message of messages) connection.send(message);
      connection.flush();
    } catch (error) {
      log.error('a template could not be sent', { error });
      connection.destroy('internal-error' satisfies NetCloseReason);
    }
    if (connection.congested) this.#deps.publisher.pause(id);
  }
}

function provoked(code: TemplateProviderErrorCode): ProtocolError<TemplateProviderErrorCode> {
  return new ProtocolError(code);
}
