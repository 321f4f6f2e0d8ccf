import type { TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { Basis } from './basis.ts';
import type { TemplateContent } from './content.ts';
import type { ClientId, Delivery, PublisherLimits, PublisherOptions, UpdateReason } from './delivery.ts';
import { newTemplate, setNewPrevHash } from './messages.ts';
import type { NodeWork } from './node-work.ts';
import type { Subscriber } from './subscriber.ts';
import type { PublishedTip, TemplateBook, TemplateRecord } from './template-book.ts';

export interface DispatcherOptions extends Pick<PublisherOptions, 'feeThreshold' | 'minIntervalMs' | 'emptyAhead'> {
  readonly limits: PublisherLimits;
  readonly book: TemplateBook;
  readonly work: Pick<NodeWork<never>, 'phase' | 'basis'>;
  /** All there are. */
  readonly clients: ReadonlyMap<ClientId, Subscriber>;
}

/** Decides what is due to which client, under which template id, and makes the messages. */
export class Dispatcher {
  /** Whether empty templates go out ahead of a tip. */
  emptyAhead: boolean;
  readonly #options: DispatcherOptions;
  /** Latest record of each content on the current basis. */
  #records = new WeakMap<TemplateContent, TemplateRecord>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.emptyAhead = options.emptyAhead;
  }

  /** There is another basis: ids that were given out are of the one before. */
  forget(): void {
    this.#records = new WeakMap();
  }

  /** A tip is announced: its empty block is activated with those who hold it, and given to others who take such. */
  *announce(nowMs: number): Generator<Delivery> {
    const { basis } = this.#options.work;
    if (basis === undefined) return;
    this.forget();
    const clients = [...this.#options.clients.values()];
    const holders = Map.groupBy(clients, (client) => client.ahead);
    for (const client of clients) client.owe(client.takesEmpty ? 'announced-tip' : 'tip', nowMs);
    for (const [future, group] of holders) {
      if (future === undefined) continue;
      const record = this.#options.book.activate(future.templateId, basis.tip);
      for (const client of group) client.startsTip(record, nowMs, { full: false });
      yield { clients: ids(group), messages: [tipMessage(record, basis, nowMs)], reason: 'announced-tip' };
    }
    yield* this.pairs(clients, nowMs);
  }

  /** All that is due to these clients. */
  *serve(clients: readonly Subscriber[], nowMs: number): Generator<Delivery> {
    yield* this.pairs(clients, nowMs);
    yield* this.#updates(clients, nowMs);
    yield* this.aheads(clients);
  }

  /** A future template and the SetNewPrevHash that activates it, for those who are owed one and for whom there is one. */
  *pairs(clients: readonly Subscriber[], nowMs: number, anyCover = false): Generator<Delivery> {
    const { basis } = this.#options.work;
    if (basis === undefined) return;
    const choose = (client: Subscriber) => {
      const full = this.#contentFor(client, basis, nowMs, anyCover);
      return full ?? (this.#startsEmpty(client, nowMs) ? basis.empty : undefined);
    };
    for (const [reason, owed] of Map.groupBy(clients, (client) => client.owed)) {
      if (reason === undefined) continue;
      for (const [record, group] of this.#current(owed, basis, nowMs, choose)) {
        for (const client of group) client.startsTip(record, nowMs, { full: record.content !== basis.empty });
        yield { clients: ids(group), messages: [newTemplate(record, true), tipMessage(record, basis, nowMs)], reason };
      }
    }
  }

  /** Whether a client for whom there is no template starts on an empty block: better than on the tip before. */
  #startsEmpty({ takesEmpty, owedSinceMs }: Subscriber, nowMs: number): boolean {
    const { work, limits } = this.#options;
    if (!takesEmpty || !this.emptyAhead) return false;
    return work.phase === 'announced' || nowMs - owedSinceMs >= limits.exactGraceMs;
  }

  /** Templates on the tip that clients are on already, for those to whom one is due. */
  *#updates(clients: readonly Subscriber[], nowMs: number): Generator<Delivery> {
    const { basis, phase } = this.#options.work;
    if (basis === undefined || phase !== 'serving') return;
    const groups = Map.groupBy(clients, (client) => {
      if (client.owed !== undefined) return undefined;
      const content = this.#contentFor(client, basis, nowMs);
      if (content === undefined) return undefined;
      client.settleEmpty(content);
      return client.paused ? undefined : this.#whyDue(client, content, nowMs);
    });
    const choose = (client: Subscriber) => this.#contentFor(client, basis, nowMs);
    for (const [reason, chosen] of groups) {
      if (reason === undefined) continue;
      for (const [record, group] of this.#current(chosen, basis, nowMs, choose)) {
        yield { clients: ids(group), messages: [newTemplate(record, false)], reason };
      }
    }
  }

  /** Why a template is due to a client, if one is. */
  #whyDue(client: Subscriber, content: TemplateContent, nowMs: number): UpdateReason | undefined {
    if (client.fees === undefined) return 'full';
    const { feeThreshold, minIntervalMs } = this.#options;
    const otherForMs = client.otherForMs(content, nowMs);
    const gain = content.fees - client.fees;
    if (gain > 0n && client.isMoreOwn(content)) return 'reservation';
    // A clock that was set back must not make the interval an hour.
    if (Math.abs(nowMs - client.sentAtMs) < minIntervalMs) return undefined;
    if (gain > 0n && gain >= feeThreshold) return 'fees';
    return otherForMs >= this.#options.limits.otherChoiceMs ? 'choice' : undefined;
  }

  /** The empty template for the next height, for those who are on the current tip without it. */
  *aheads(clients: readonly Subscriber[]): Generator<Delivery> {
    const { basis, phase } = this.#options.work;
    const content = basis?.ahead;
    if (content === undefined || phase !== 'serving' || !this.emptyAhead) return;
    const takers = clients.filter(({ takesEmpty, owed, ahead }) => takesEmpty && owed === undefined && !ahead);
    const groups = Map.groupBy(takers, (client) => {
      const record = this.#recordOf(content, client, undefined);
      client.holdsAhead(record);
      return record;
    });
    for (const [record, group] of groups) {
      yield { clients: ids(group), messages: [newTemplate(record, true)], reason: 'ahead' };
    }
  }

  /** Clients by the template of the current tip that each is now given, without those for whom there is none. */
  #current(
    clients: readonly Subscriber[],
    basis: Basis,
    nowMs: number,
    choose: (client: Subscriber) => TemplateContent | undefined,
  ): ReadonlyMap<TemplateRecord, readonly Subscriber[]> {
    const groups = new Map<TemplateRecord, Subscriber[]>();
    for (const client of clients) {
      const content = choose(client);
      if (content === undefined) continue;
      const record = this.#recordOf(content, client, basis.tip);
      client.mines(record, nowMs);
      const group = groups.get(record);
      if (group === undefined) groups.set(record, [client]);
      else group.push(client);
    }
    return groups;
  }

  #contentFor({ need }: Subscriber, basis: Basis, nowMs: number, anyCover = false): TemplateContent | undefined {
    return basis.contentFor(need, anyCover || nowMs - basis.sinceMs >= this.#options.limits.exactGraceMs);
  }

  /** The content under an id that is new to this client: the one it has already, unless the client saw a later one. */
  #recordOf(content: TemplateContent, client: Subscriber, tip: PublishedTip | undefined): TemplateRecord {
    const known = this.#records.get(content);
    if (known !== undefined && known.templateId > client.lastId && this.#options.book.has(known.templateId))
      return known;
    this.#makeRoom();
    const record = this.#options.book.add(content, tip);
    this.#records.set(content, record);
    return record;
  }

  /** Forgets what no client is on any more, when there is too much of it. */
  #makeRoom(): void {
    const { templatesPerTip } = this.#options.limits;
    if (this.#options.book.currentCount < templatesPerTip) return;
    const inUse = [...this.#options.clients.values()].flatMap(({ templates }) =>
      templates.map(({ templateId }) => templateId),
    );
    this.#options.book.makeRoom(templatesPerTip, new Set(inUse));
  }
}

function tipMessage({ templateId }: TemplateRecord, basis: Basis, nowMs: number): TemplateSetNewPrevHash {
  return setNewPrevHash(templateId, basis.tip, basis.headerTimestamp(nowMs));
}

function ids(clients: readonly Subscriber[]): readonly ClientId[] {
  return clients.map((client) => client.id);
}
