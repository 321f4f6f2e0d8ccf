import type { SubmitSolution, TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { Basis } from './basis.ts';
import { type CoinbaseConstraints, type CoinbaseSpace, coinbaseSpace } from './coinbase-space.ts';
import type { TemplateContent } from './content.ts';
import {
  type ClientId,
  type Delivery,
  PUBLISHER_LIMITS,
  type PublisherLimits,
  type PublisherOptions,
  type UpdateReason,
} from './delivery.ts';
import { HeldTemplates } from './held-templates.ts';
import { newTemplate, setNewPrevHash } from './messages.ts';
import type { BlockTransaction, HeldTemplate, NodeTip, WholeTemplate } from './node-template.ts';
import { type News, NodeWork } from './node-work.ts';
import type { PublisherView, SolutionOutcome, TransactionDataAnswer } from './outcome.ts';
import { Reservations } from './reservations.ts';
import { SharedTransactions } from './shared-transactions.ts';
import { judgeSolution, rebuildBlock, type SolvedBlock } from './solution.ts';
import { Subscriber } from './subscriber.ts';
import { type PublishedTip, TemplateBook, type TemplateRecord } from './template-book.ts';
import { transactionData } from './transaction-data.ts';

/**
 * The server's side of template distribution (§7) without its sockets: node templates, tips and constraints in,
 * messages per client out. Methods that yield deliveries act while they are iterated: iterate them to the end.
 *
 * `H` is what the host has for a held template: it gets those objects back as `origin`.
 */
export class TemplatePublisher<H extends HeldTemplate = HeldTemplate> {
  /** Whether empty templates go out ahead of a tip. To be switched off while no node would take such a block. */
  emptyAhead: boolean;
  readonly #options: PublisherOptions;
  readonly #limits: PublisherLimits;
  readonly #book: TemplateBook;
  readonly #clients = new Map<ClientId, Subscriber>();
  readonly #reservations: Reservations;
  readonly #held: HeldTemplates<H>;
  readonly #work: NodeWork<H>;
  /** Latest record of each content on the current basis. */
  #records = new WeakMap<TemplateContent, TemplateRecord>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#limits = { ...PUBLISHER_LIMITS, ...options.limits };
    this.emptyAhead = options.emptyAhead;
    this.#reservations = new Reservations(this.#limits.reservations);
    const shelf = new SharedTransactions();
    this.#held = new HeldTemplates(shelf);
    const { lateTemplateMs, staleGraceMs } = this.#limits;
    this.#work = new NodeWork({ rules: options.rules, lateTemplateMs, shelf, held: this.#held });
    this.#book = new TemplateBook({
      firstTemplateId: options.firstTemplateId,
      graceMs: staleGraceMs,
    });
  }

  view(): PublisherView {
    const { phase, basis } = this.#work;
    return {
      phase,
      height: basis?.height,
      prevHash: basis?.tip.prevHash,
      clients: this.#clients.size,
      templates: this.#book.count,
    };
  }

  /**
   * What held templates should keep free to serve every client there is: distinct, smallest first, at most
   * `limits.reservations`. Changes with `setConstraints` and `remove` only.
   */
  wanted(): readonly CoinbaseSpace[] {
    return this.#reservations.wanted;
  }

  /**
   * A client's CoinbaseOutputConstraints (§7.1), first or re-sent: the best template there is, as a future template
   * with its SetNewPrevHash. Without one that leaves room enough there is nothing to send: it follows when the node has
   * one.
   *
   * @param takesEmpty - whether this client gets empty templates, ahead of a tip and at its start; fixed when it first comes
   * @throws ProtocolError `coinbase-space-too-large`
   */
  *setConstraints(
    id: ClientId,
    constraints: CoinbaseConstraints,
    nowMs: number,
    takesEmpty = true,
  ): Generator<Delivery> {
    const need = this.#reservations.add(coinbaseSpace(constraints));
    const known = this.#clients.get(id);
    if (known !== undefined) this.#reservations.remove(known.need);
    const client = known ?? new Subscriber(id, need, takesEmpty);
    client.need = need;
    client.owe('constraints');
    this.#clients.set(id, client);
    yield* this.#pairs([client], nowMs, true);
    yield* this.#aheads([client]);
  }

  /** The client is gone; its templates are still good for solutions. */
  remove(id: ClientId): void {
    const client = this.#clients.get(id);
    if (client !== undefined) this.#reservations.remove(client.need);
    this.#clients.delete(id);
  }

  /** The client reads slowly: it gets new tips only. */
  pause(id: ClientId): void {
    const client = this.#clients.get(id);
    if (client !== undefined) client.paused = true;
  }

  /** The client reads again: it gets the latest template, if one is due, and nothing of what it missed. */
  *resume(id: ClientId, nowMs: number): Generator<Delivery> {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    client.paused = false;
    yield* this.#serve([client], nowMs);
  }

  /**
   * A template of the node: a new tip, the full template of an announced one, or a better one on the same tip. A held one
   * is for the clients of its reservation; those of other reservations are given theirs.
   */
  *publish(template: WholeTemplate | H, nowMs: number): Generator<Delivery> {
    const news = this.#work.take(template, nowMs, this.#reservations.wanted);
    if (news === 'late') return;
    this.#hear(news, nowMs);
    yield* this.#serve([...this.#clients.values()], nowMs);
  }

  /** The transactions of a held template came, in block order without the coinbase. */
  complete(template: H, transactions: readonly BlockTransaction[]): void {
    this.#held.complete(template, transactions);
  }

  /** Whether a client may still be given a held template, solve it, or ask for it; else the host may release it. */
  holds(template: H): boolean {
    const content = this.#held.find(template);
    if (content === undefined) return false;
    return this.#book.holds(content) || this.#work.has(template, content);
  }

  /**
   * A new best block, the moment it is known. When it follows the current tip, clients start on the empty template
   * they hold for it; otherwise nothing happens until the node's template is there.
   */
  *announceTip(tip: NodeTip, nowMs: number): Generator<Delivery> {
    const basis = this.emptyAhead ? this.#work.announce(tip, nowMs) : undefined;
    if (basis === undefined) return;
    this.#book.turnStale(nowMs);
    this.#records = new WeakMap();
    const clients = [...this.#clients.values()];
    const holders = Map.groupBy(clients, (client) => client.ahead);
    for (const client of clients) client.owe(client.takesEmpty ? 'announced-tip' : 'tip');
    for (const [future, group] of holders) {
      if (future === undefined) continue;
      const record = this.#book.activate(future.templateId, basis.tip);
      for (const client of group) client.startsTip(record, nowMs, { full: false });
      yield { clients: ids(group), messages: [tipMessage(record, basis, nowMs)], reason: 'announced-tip' };
    }
    yield* this.#pairs(clients, nowMs);
  }

  /** To be called a few times a second: sends what has become due, and forgets old templates. */
  *tick(nowMs: number): Generator<Delivery> {
    this.#book.prune(nowMs);
    this.#hear(this.#work.takeLate(nowMs, this.#reservations.wanted), nowMs);
    yield* this.#serve([...this.#clients.values()], nowMs);
  }

  /** The node has been away for too long: what it gave is no work any more. Clients get nothing until it is back. */
  withdraw(nowMs: number): void {
    this.#book.turnStale(nowMs);
    this.#records = new WeakMap();
    this.#work.withdraw();
  }

  /** The answer to RequestTransactionData (§7.4 to §7.6); `pending` while only the node has the transactions. */
  transactionData(templateId: bigint, nowMs: number): TransactionDataAnswer<H> {
    const answer = transactionData(this.#book, templateId, nowMs, this.#limits.staleGraceMs);
    if (!('kind' in answer)) return answer;
    const origin = this.#held.originOf(answer.content);
    if (origin === undefined) throw new Error(`template ${templateId} has no transactions and no origin`);
    return { kind: 'pending', origin };
  }

  /** The block of a SubmitSolution (§7.7). */
  solve(solution: SubmitSolution): SolutionOutcome<H> {
    const outcome = judgeSolution(this.#book, solution);
    if (outcome.kind === 'refused') return outcome;
    return { ...outcome, block: rebuildBlock(outcome), origin: this.#held.originOf(outcome.content) };
  }

  /** The whole block of a solution, ready for any node, once its template's transactions are here. */
  blockOf(solved: SolvedBlock): Uint8Array | undefined {
    return rebuildBlock(solved);
  }

  #hear(news: News, nowMs: number): void {
    switch (news) {
      case 'late':
      case 'same':
        return;
      case 'full':
        break;
      case 'tip':
        this.#book.turnStale(nowMs);
        for (const client of this.#clients.values()) client.owe('tip');
        break;
      case 'nbits':
        for (const client of this.#clients.values()) client.owe('nbits');
        break;
      default:
        news satisfies never;
    }
    this.#records = new WeakMap();
  }

  /** All that is due to these clients. */
  *#serve(clients: readonly Subscriber[], nowMs: number): Generator<Delivery> {
    yield* this.#pairs(clients, nowMs);
    yield* this.#updates(clients, nowMs);
    yield* this.#aheads(clients);
  }

  /** A future template and the SetNewPrevHash that activates it, for those who are owed one and for whom there is one. */
  *#pairs(clients: readonly Subscriber[], nowMs: number, anyCover = false): Generator<Delivery> {
    const { basis, phase } = this.#work;
    if (basis === undefined) return;
    const able = clients.filter((client) => phase === 'serving' || client.takesEmpty);
    for (const [reason, owed] of Map.groupBy(able, (client) => client.owed)) {
      if (reason === undefined) continue;
      for (const [record, group] of this.#current(owed, basis, nowMs, anyCover)) {
        for (const client of group) client.startsTip(record, nowMs, { full: phase === 'serving' });
        yield { clients: ids(group), messages: [newTemplate(record, true), tipMessage(record, basis, nowMs)], reason };
      }
    }
  }

  /** Templates on the tip that clients are on already, for those to whom one is due. */
  *#updates(clients: readonly Subscriber[], nowMs: number): Generator<Delivery> {
    const { basis, phase } = this.#work;
    if (basis === undefined || phase !== 'serving') return;
    const groups = Map.groupBy(clients, (client) => {
      if (client.owed !== undefined) return undefined;
      const content = this.#contentFor(client, basis, nowMs);
      if (content === undefined) return undefined;
      client.settleEmpty(content);
      return client.paused ? undefined : this.#whyDue(client, content, nowMs);
    });
    for (const [reason, chosen] of groups) {
      if (reason === undefined) continue;
      for (const [record, group] of this.#current(chosen, basis, nowMs)) {
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
    if (nowMs - client.sentAtMs < minIntervalMs) return undefined;
    if (gain > 0n && gain >= feeThreshold) return 'fees';
    return otherForMs >= this.#limits.otherChoiceMs ? 'choice' : undefined;
  }

  /** The empty template for the next height, for those who are on the current tip without it. */
  *#aheads(clients: readonly Subscriber[]): Generator<Delivery> {
    const { basis, phase } = this.#work;
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
  #current(clients: readonly Subscriber[], basis: Basis, nowMs: number, anyCover = false) {
    const groups = new Map<TemplateRecord, Subscriber[]>();
    for (const client of clients) {
      const content = this.#contentFor(client, basis, nowMs, anyCover);
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
    return basis.contentFor(need, anyCover || nowMs - basis.sinceMs >= this.#limits.exactGraceMs);
  }

  /** The content under an id that is new to this client: the one it has already, unless the client saw a later one. */
  #recordOf(content: TemplateContent, client: Subscriber, tip: PublishedTip | undefined): TemplateRecord {
    const known = this.#records.get(content);
    if (known !== undefined && known.templateId > client.lastId && this.#book.has(known.templateId)) return known;
    this.#makeRoom();
    const record = this.#book.add(content, tip);
    this.#records.set(content, record);
    return record;
  }

  /** Forgets what no client is on any more, when there is too much of it. */
  #makeRoom(): void {
    const { templatesPerTip } = this.#limits;
    if (this.#book.currentCount < templatesPerTip) return;
    const inUse = [...this.#clients.values()].flatMap(({ templates }) => templates.map(({ templateId }) => templateId));
    this.#book.makeRoom(templatesPerTip, new Set(inUse));
  }
}

function tipMessage({ templateId }: TemplateRecord, basis: Basis, nowMs: number): TemplateSetNewPrevHash {
  return setNewPrevHash(templateId, basis.tip, basis.headerTimestamp(nowMs));
}

function ids(clients: readonly Subscriber[]): readonly ClientId[] {
  return clients.map((client) => client.id);
}
