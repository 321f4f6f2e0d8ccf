import type { SubmitSolution, TemplatesFromClient, TemplatesFromServer } from '@sv2kit/codec';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { type CoinbaseConstraints, TemplateClient, type TemplateEvent } from '@sv2kit/templates';
import type { Endpoint } from '@sv2kit/upstream';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';

/** Providers count from a number of their own choice, and none gets here. */
const NO_TEMPLATE = 0xffff_ffff_ffff_ffffn;

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
  /** What it gave last is not served: a node said that it is of the wrong chain, or had yet to answer. */
  isHeld = false;
  /** When it was last heard of. */
  heardAtMs: number;
  readonly log: Logger;
  readonly #connection: Connection<TemplatesFromClient>;
  readonly #client = new TemplateClient();
  readonly #events: ProviderEvents;
  readonly #asked = new Map<bigint, WorkTemplate>();
  readonly #now: () => number;
  /** Looks at it since it was asked whether it is there; undefined when it was not. */
  #looks: number | undefined;
  readonly #probed = new Map<bigint, Solution[]>();
  open = true;

  constructor(
    connection: Connection<TemplatesFromClient>,
    endpoint: Endpoint,
    now: () => number,
    log: Logger,
    events: ProviderEvents,
  ) {
    const nowMs = now();
    this.#connection = connection;
    this.endpoint = endpoint;
    this.idleSinceMs = nowMs;
    this.heardAtMs = nowMs;
    this.#now = now;
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

  /** Whether it has been asked for a sign of life, and has not answered yet. */
  get isQuestioned(): boolean {
    return this.#looks !== undefined;
  }

  /**
   * Time passes: one that is silent is asked for the transactions of a template that it cannot have. Any answer will do.
   * @returns whether it has not answered in time
   */
  isSilent(nowMs: number): boolean {
    const { silentAskMs, silentAnswerMs, silentTicks } = TEMPLATE_SOURCE_LIMITS;
    const silentMs = nowMs - this.heardAtMs;
    if (this.#looks !== undefined) {
      this.#looks += 1;
      return silentMs >= silentAskMs + silentAnswerMs && this.#looks >= silentTicks;
    }
    if (silentMs < silentAskMs) return false;
    this.#looks = 0;
    this.#connection.send({ type: 'RequestTransactionData', templateId: NO_TEMPLATE });
    this.#connection.flush();
    return false;
  }

  /** The clock was set by so much. */
  shift(ms: number): void {
    this.idleSinceMs += ms;
    this.heardAtMs += ms;
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
    this.heardAtMs = this.#now();
    this.#looks = undefined;
    this.#events.onEvent(this.#client.receive(message));
  }

  onClose(): void {
    this.open = false;
    const unanswered = [...this.#asked.values()];
    this.#asked.clear();
    this.#events.onLost(unanswered);
  }
}
