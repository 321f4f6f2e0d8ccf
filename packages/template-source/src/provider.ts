import type { SubmitSolution, TemplatesFromClient, TemplatesFromServer } from '@sv2kit/codec';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { type CoinbaseConstraints, TemplateClient, type TemplateEvent } from '@sv2kit/templates';
import type { Endpoint } from '@sv2kit/upstream';

/** Who hears of a provider. */
export interface ProviderEvents {
  onEvent(event: TemplateEvent): void;
  /** The connection has ended; these templates' transactions were asked for and did not come. */
  onLost(unanswered: readonly WorkTemplate[]): void;
}

/** One connection to a template provider. */
export class Provider implements ConnectionHandler<TemplatesFromServer> {
  readonly endpoint: Endpoint;
  /** Since when it has given nothing to mine, if it gives nothing. */
  idleSinceMs: number;
  readonly log: Logger;
  readonly #connection: Connection<TemplatesFromClient>;
  readonly #client = new TemplateClient();
  readonly #events: ProviderEvents;
  readonly #asked = new Map<bigint, WorkTemplate>();
  readonly #probed = new Map<bigint, Solution[]>();
  open = true;

  constructor(
    connection: Connection<TemplatesFromClient>,
    endpoint: Endpoint,
    nowMs: number,
    log: Logger,
    events: ProviderEvents,
  ) {
    this.#connection = connection;
    this.endpoint = endpoint;
    this.idleSinceMs = nowMs;
    this.log = log;
    this.#events = events;
  }

  /** The first message after set-up, and again when they have grown (§7.1). */
  constrain(constraints: CoinbaseConstraints): void {
    this.#connection.send(this.#client.constraints(constraints));
  }

  /** A block waits for no other message. */
  submit(message: SubmitSolution): void {
    this.#connection.send(message);
    this.#connection.flush();
  }

  ask(template: WorkTemplate): void {
    this.#asked.set(template.templateId, template);
    this.#connection.send(this.#client.requestTransactionData(template.templateId));
  }

  isAsking(template: WorkTemplate): boolean {
    return this.#asked.get(template.templateId) === template;
  }

  /** The template that an answer is about, which is then asked for no more. */
  asked(templateId: bigint): WorkTemplate | undefined {
    const template = this.#asked.get(templateId);
    this.#asked.delete(templateId);
    return template;
  }

  /**
   * Asks for the transactions of a template of an earlier connection. Nothing answers a SubmitSolution: this tells a
   * provider that has been restarted, and knows the template no more, from one that was only out of reach.
   */
  probe(templateId: bigint, solution: Solution): void {
    const probed = this.#probed.get(templateId);
    if (probed !== undefined) {
      probed.push(solution);
      return;
    }
    this.#probed.set(templateId, [solution]);
    this.#connection.send(this.#client.requestTransactionData(templateId));
  }

  /** The solutions that an answer is about, if it is to a {@link probe}. */
  probed(templateId: bigint): readonly Solution[] {
    const solutions = this.#probed.get(templateId) ?? [];
    this.#probed.delete(templateId);
    // One answer is for one question: a new template of the same id, asked for meanwhile, is asked for again.
    const template = this.#asked.get(templateId);
    if (solutions.length > 0 && template !== undefined) this.ask(template);
    return solutions;
  }

  /** What it says is to be mined now. */
  get current(): TemplateClient['current'] {
    return this.#client.current;
  }

  /** Future templates that it has announced, without the one that is active. */
  prepared(active: WorkTemplate): WorkTemplate[] {
    return this.#client.futureTemplates.filter((template) => template !== active);
  }

  onMessage(message: TemplatesFromServer): void {
    this.#events.onEvent(this.#client.receive(message));
  }

  onClose(): void {
    this.open = false;
    const unanswered = [...this.#asked.values()];
    this.#asked.clear();
    this.#events.onLost(unanswered);
  }
}
