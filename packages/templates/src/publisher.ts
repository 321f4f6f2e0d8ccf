import type { SubmitSolution } from '@sv2kit/codec';
import { type CoinbaseConstraints, type CoinbaseSpace, coinbaseSpace } from './coinbase-space.ts';
import {
  type ClientId,
  type Delivery,
  PUBLISHER_LIMITS,
  type PublisherLimits,
  type PublisherOptions,
} from './delivery.ts';
import { Dispatcher } from './dispatcher.ts';
import { HeldTemplates } from './held-templates.ts';
import type { BlockTransaction, HeldTemplate, NodeTip, WholeTemplate } from './node-template.ts';
import { type News, NodeWork } from './node-work.ts';
import type { PublishedTemplate, PublisherView, SolutionOutcome, TransactionDataAnswer } from './outcome.ts';
import { Reservations } from './reservations.ts';
import { SharedTransactions } from './shared-transactions.ts';
import { judgeSolution, rebuildBlock, type SolvedBlock } from './solution.ts';
import { Subscriber } from './subscriber.ts';
import { TemplateBook, type TemplateRecord } from './template-book.ts';
import { transactionData } from './transaction-data.ts';

/**
 * The server's side of template distribution (§7) without its sockets: node templates, tips and constraints in,
 * messages per client out. Methods that yield deliveries act while they are iterated: iterate them to the end.
 *
 * `H` is what the host has for a held template: it gets those objects back as `origin`.
 */
export class TemplatePublisher<H extends HeldTemplate = HeldTemplate> {
  readonly #limits: PublisherLimits;
  readonly #book: TemplateBook;
  readonly #clients = new Map<ClientId, Subscriber>();
  readonly #reservations: Reservations;
  readonly #held: HeldTemplates<H>;
  readonly #work: NodeWork<H>;
  readonly #dispatcher: Dispatcher;

  constructor(options: PublisherOptions) {
    const limits = { ...PUBLISHER_LIMITS, ...options.limits };
    const { lateTemplateMs, staleGraceMs } = limits;
    const shelf = new SharedTransactions();
    this.#limits = limits;
    this.#reservations = new Reservations(limits.reservations);
    this.#held = new HeldTemplates(shelf);
    this.#work = new NodeWork({ rules: options.rules, lateTemplateMs, shelf, held: this.#held });
    this.#book = new TemplateBook({ firstTemplateId: options.firstTemplateId, graceMs: staleGraceMs });
    this.#dispatcher = new Dispatcher({
      ...options,
      limits,
      book: this.#book,
      work: this.#work,
      clients: this.#clients,
    });
  }

  /** Whether empty templates go out ahead of a tip. To be switched off while no node would take such a block. */
  get emptyAhead(): boolean {
    return this.#dispatcher.emptyAhead;
  }

  set emptyAhead(does: boolean) {
    this.#dispatcher.emptyAhead = does;
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

  /** Every template that clients may solve, those of the current tip first. */
  *templates(): Generator<PublishedTemplate<H>> {
    for (const { record, isStale } of this.#book.all()) yield this.#published(record, isStale);
  }

  /** One of them. */
  template(templateId: bigint): PublishedTemplate<H> | undefined {
    const found = this.#book.find(templateId);
    return 'record' in found ? this.#published(found.record, found.kind === 'stale') : undefined;
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
    client.owe('constraints', nowMs);
    this.#clients.set(id, client);
    yield* this.#dispatcher.pairs([client], nowMs, true);
    yield* this.#dispatcher.aheads([client]);
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
    yield* this.#dispatcher.serve([client], nowMs);
  }

  /**
   * A template of the node: a new tip, the full template of an announced one, or a better one on the same tip. A held one
   * is for the clients of its reservation; those of other reservations are given theirs.
   */
  *publish(template: WholeTemplate | H, nowMs: number): Generator<Delivery> {
    // The others' templates of a new tip take their time: the empty ones that they hold are good at once.
    const tip = this.#reservations.wanted.length > 1 ? this.#work.tipOf(template) : undefined;
    if (tip !== undefined) yield* this.announceTip(tip, nowMs);
    const news = this.#work.take(template, nowMs, this.#reservations.wanted);
    if (news === 'late') return;
    this.#hear(news, nowMs);
    yield* this.#dispatcher.serve([...this.#clients.values()], nowMs);
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
    if (!this.emptyAhead || !this.#work.announce(tip, nowMs)) return;
    this.#book.turnStale(nowMs);
    yield* this.#dispatcher.announce(nowMs);
  }

  /** To be called a few times a second: sends what has become due, and forgets old templates. */
  *tick(nowMs: number): Generator<Delivery> {
    this.#book.prune(nowMs);
    this.#hear(this.#work.takeLate(nowMs, this.#reservations.wanted), nowMs);
    yield* this.#dispatcher.serve([...this.#clients.values()], nowMs);
  }

  /** The node has been away for too long: what it gave is no work any more. Clients get nothing until it is back. */
  withdraw(nowMs: number): void {
    this.#book.turnStale(nowMs);
    this.#dispatcher.forget();
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

  #published({ content, templateId, tip }: TemplateRecord, isStale: boolean): PublishedTemplate<H> {
    const { height, receivedAtMs, transactions, fees, valueRemaining: value } = content;
    return {
      templateId,
      state: isStale ? 'stale' : tip === undefined ? 'future' : 'active',
      height,
      prevHash: tip?.prevHash,
      receivedAtMs,
      transactions,
      origin: this.#held.originOf(content),
      fees,
      value,
    };
  }

  /** Makes what a template changed known to all who have to do with it. */
  #hear(news: News, nowMs: number): void {
    switch (news) {
      case 'late':
      case 'same':
        return;
      case 'full':
        break;
      case 'tip':
      case 'first':
        if (news === 'tip') this.#book.turnStale(nowMs);
        for (const client of this.#clients.values()) client.owe('tip', nowMs);
        break;
      case 'nbits':
        for (const client of this.#clients.values()) client.owe('nbits', nowMs);
        break;
      default:
        news satisfies never;
    }
    this.#dispatcher.forget();
  }
}
