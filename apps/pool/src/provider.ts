import type { SubmitSolution, TemplatesFromClient, TemplatesFromServer } from '@sv2kit/codec';
import type { WorkTemplate } from '@sv2kit/mining';
import type { Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { type CoinbaseConstraints, TemplateClient, type TemplateEvent } from '@sv2kit/templates';
import type { Endpoint } from '@sv2kit/upstream';

/** One connection to a template provider. */
export class Provider implements ConnectionHandler<TemplatesFromServer> {
  readonly endpoint: Endpoint;
  /** Since when it has given nothing to mine, if it gives nothing. */
  idleSinceMs: number;
  readonly log: Logger;
  readonly #connection: Connection<TemplatesFromClient>;
  readonly #client = new TemplateClient();
  readonly #onEvent: (event: TemplateEvent) => void;
  readonly #asked = new Map<bigint, WorkTemplate>();
  open = true;

  constructor(
    connection: Connection<TemplatesFromClient>,
    endpoint: Endpoint,
    nowMs: number,
    log: Logger,
    onEvent: (event: TemplateEvent) => void,
  ) {
    this.#connection = connection;
    this.endpoint = endpoint;
    this.idleSinceMs = nowMs;
    this.log = log;
    this.#onEvent = onEvent;
  }

  /** The first message after set-up (§7). */
  start(constraints: CoinbaseConstraints): void {
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

  /** The template that an answer is about, which is then asked for no more. */
  asked(templateId: bigint): WorkTemplate | undefined {
    const template = this.#asked.get(templateId);
    this.#asked.delete(templateId);
    return template;
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
    this.#onEvent(this.#client.receive(message));
  }

  onClose(): void {
    this.open = false;
  }
}
