import { sameBytes } from '@sv2kit/bitcoin';
import type {
  RequestTransactionDataError,
  RequestTransactionDataSuccess,
  SubmitSolution,
  TemplateSetNewPrevHash,
} from '@sv2kit/codec';
import { type Basis, emptyBasis, fullBasis, headerTimestamp } from './basis.ts';
import { type CoinbaseConstraints, coinbaseSpace } from './coinbase-space.ts';
import {
  type ClientId,
  type Delivery,
  type DeliveryReason,
  PUBLISHER_LIMITS,
  type PublisherLimits,
  type PublisherOptions,
} from './delivery.ts';
import type { FittedTemplate } from './fitting.ts';
import { newTemplate, setNewPrevHash } from './messages.ts';
import type { NodeTemplate, NodeTip } from './node-template.ts';
import { SharedTransactions } from './shared-transactions.ts';
import { rebuildBlock, type SolutionOutcome } from './solution.ts';
import { Subscriber } from './subscriber.ts';
import { TemplateBook, type TemplateRecord } from './template-book.ts';
import { transactionData } from './transaction-data.ts';

type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'serving'; readonly basis: Basis }
  | {
      /** Clients mine an empty block on a tip whose template is not there yet. */
      readonly phase: 'announced';
      readonly basis: Basis;
      readonly sinceMs: number;
      /** Tips that announcements have outrun since the last template: templates on them are late. */
      readonly outrun: readonly Uint8Array[];
      readonly late: NodeTemplate | undefined;
    };

/** What a publisher is doing, for status pages. */
export interface PublisherView {
  readonly phase: State['phase'];
  /** Of the block being mined. */
  readonly height: number | undefined;
  readonly prevHash: Uint8Array | undefined;
  readonly clients: number;
  /** Templates held, older tips included. */
  readonly templates: number;
}

/**
 * The server's side of template distribution (§7) without its sockets: node templates, tips and constraints in,
 * messages per client out. Methods that yield deliveries act while they are iterated: iterate them to the end.
 */
export class TemplatePublisher {
  readonly #options: PublisherOptions;
  readonly #limits: PublisherLimits;
  readonly #book: TemplateBook;
  readonly #clients = new Map<ClientId, Subscriber>();
  readonly #shelf = new SharedTransactions();
  /** Latest record of each content on the current basis. */
  readonly #records = new Map<FittedTemplate, TemplateRecord>();
  #state: State = { phase: 'waiting' };

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#limits = { ...PUBLISHER_LIMITS, ...options.limits };
    this.#book = new TemplateBook({
      firstTemplateId: options.firstTemplateId,
      graceMs: this.#limits.staleGraceMs,
    });
  }

  view(): PublisherView {
    const basis = this.#state.phase === 'waiting' ? undefined : this.#state.basis;
    return {
      phase: this.#state.phase,
      height: basis?.height,
      prevHash: basis?.tip.prevHash,
      clients: this.#clients.size,
      templates: this.#book.count,
    };
  }

  /**
   * A client's CoinbaseOutputConstraints (§7.1), first or re-sent: the best template there is, as a future template
   * with its SetNewPrevHash. Without a template yet there is nothing to send: it follows when the node has one.
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
    const space = coinbaseSpace(constraints);
    const client = this.#clients.get(id) ?? new Subscriber(id, space, takesEmpty);
    client.space = space;
    this.#clients.set(id, client);
    client.behind = this.#state.phase === 'announced' && !client.takesEmpty;
    if (client.behind) return;
    yield* this.#pairs([client], nowMs, 'constraints');
    yield* this.#aheads([client]);
  }

  /** The client is gone; its templates are still good for solutions. */
  remove(id: ClientId): void {
    this.#clients.delete(id);
  }

  /** The client reads slowly: it gets new tips only. */
  pause(id: ClientId): void {
    const client = this.#clients.get(id);
    if (client !== undefined) client.paused = true;
  }

  /** The client reads again: it gets what it missed. */
  *resume(id: ClientId, nowMs: number): Generator<Delivery> {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    client.paused = false;
    yield* this.#updates([client], nowMs);
  }

  /** A template of the node: a new tip, the full template of an announced one, or a better one on the same tip. */
  *publish(template: NodeTemplate, nowMs: number): Generator<Delivery> {
    const state = this.#state;
    if (state.phase === 'announced' && state.outrun.some((tip) => sameBytes(tip, template.prevHash))) {
      this.#state = { ...state, late: template };
      return;
    }
    const sameTip = state.phase !== 'waiting' && sameBytes(template.prevHash, state.basis.tip.prevHash);
    const sameWork = sameTip && state.basis.tip.nbits === template.nbits;
    if (!sameTip) this.#book.turnStale(nowMs);
    this.#adopt({ phase: 'serving', basis: fullBasis(template, this.#shelf, this.#options.rules) });
    const clients = [...this.#clients.values()];
    if (sameWork) {
      yield* this.#pairs(
        clients.filter((client) => client.behind),
        nowMs,
        'tip',
      );
      yield* this.#updates(clients, nowMs);
    } else yield* this.#pairs(clients, nowMs, sameTip ? 'nbits' : 'tip');
    if (!sameWork || state.phase === 'announced') yield* this.#aheads(clients);
  }

  /**
   * A new best block, the moment it is known. When it follows the current tip, clients start on the empty template
   * they hold for it; otherwise nothing happens until the node's template is there.
   */
  *announceTip(tip: NodeTip, nowMs: number): Generator<Delivery> {
    const before = this.#state;
    if (before.phase === 'waiting' || !this.#options.emptyAhead) return;
    const basis = emptyBasis(before.basis, tip, this.#options.rules);
    if (basis === undefined) return;
    this.#book.turnStale(nowMs);
    const outrun = [...(before.phase === 'announced' ? before.outrun : []), before.basis.tip.prevHash];
    this.#adopt({ phase: 'announced', basis, sinceMs: nowMs, outrun, late: undefined });
    for (const client of this.#clients.values()) client.behind = !client.takesEmpty;
    const takers = [...this.#clients.values()].filter((client) => client.takesEmpty);
    const holders = Map.groupBy(takers, (client) => client.ahead);
    for (const [record, clients] of holders) {
      if (record === undefined) continue;
      this.#book.activate(record.templateId, basis.tip);
      for (const client of clients) client.startsTip(nowMs, { full: false });
      yield { clients: ids(clients), messages: [this.#tipMessage(record, basis, nowMs)], reason: 'announced-tip' };
    }
    yield* this.#pairs(holders.get(undefined) ?? [], nowMs, 'announced-tip');
  }

  /** To be called a few times a second: sends updates whose interval has passed, and forgets old templates. */
  *tick(nowMs: number): Generator<Delivery> {
    this.#book.prune(nowMs);
    const state = this.#state;
    if (state.phase === 'announced' && state.late !== undefined) {
      if (nowMs - state.sinceMs < this.#limits.lateTemplateMs) return;
      this.#state = { phase: 'serving', basis: state.basis };
      yield* this.publish(state.late, nowMs);
    }
    yield* this.#updates([...this.#clients.values()], nowMs);
  }

  /** The node has been away for too long: what it gave is no work any more. Clients get nothing until it is back. */
  withdraw(nowMs: number): void {
    this.#book.turnStale(nowMs);
    this.#records.clear();
    this.#state = { phase: 'waiting' };
  }

  /** The answer to RequestTransactionData (§7.4 to §7.6). */
  transactionData(templateId: bigint, nowMs: number): RequestTransactionDataSuccess | RequestTransactionDataError {
    return transactionData(this.#book, templateId, nowMs, this.#limits.staleGraceMs);
  }

  /** The block of a SubmitSolution (§7.7). */
  solve(solution: SubmitSolution): SolutionOutcome {
    return rebuildBlock(this.#book, solution);
  }

  #adopt(state: State): void {
    this.#state = state;
    this.#records.clear();
  }

  /** A future template and the SetNewPrevHash that activates it. */
  *#pairs(clients: readonly Subscriber[], nowMs: number, reason: DeliveryReason): Generator<Delivery> {
    if (this.#state.phase === 'waiting') return;
    const { basis, phase } = this.#state;
    for (const [record, group] of this.#current(clients, basis, nowMs)) {
      for (const client of group) client.startsTip(nowMs, { full: phase === 'serving' });
      const messages = [newTemplate(record, true), this.#tipMessage(record, basis, nowMs)];
      yield { clients: ids(group), messages, reason };
    }
  }

  /** Templates on the tip that clients are on already, for those to whom one is due. */
  *#updates(clients: readonly Subscriber[], nowMs: number): Generator<Delivery> {
    if (this.#state.phase !== 'serving') return;
    const { basis } = this.#state;
    for (const client of clients) client.settleEmpty(basis.contentFor(client.space));
    const groups = Map.groupBy(clients, (client) => (client.paused ? undefined : this.#whyDue(client, basis, nowMs)));
    for (const [reason, chosen] of groups) {
      if (reason === undefined) continue;
      for (const [record, group] of this.#current(chosen, basis, nowMs)) {
        yield { clients: ids(group), messages: [newTemplate(record, false)], reason };
      }
    }
  }

  /** Why a template is due to a client, if one is. */
  #whyDue(client: Subscriber, basis: Basis, nowMs: number): 'full' | 'fees' | 'choice' | undefined {
    if (client.fees === undefined) return 'full';
    const { feeThreshold, minIntervalMs } = this.#options;
    const content = basis.contentFor(client.space);
    const otherForMs = client.otherForMs(content, nowMs);
    if (nowMs - client.sentAtMs < minIntervalMs || this.#book.currentCount >= this.#limits.templatesPerTip) return;
    const gain = content.fees - client.fees;
    if (gain > 0n && gain >= feeThreshold) return 'fees';
    return otherForMs >= this.#limits.otherChoiceMs ? 'choice' : undefined;
  }

  /** The empty template for the next height, once the current one is out. */
  *#aheads(clients: readonly Subscriber[]): Generator<Delivery> {
    if (this.#state.phase !== 'serving' || !this.#options.emptyAhead) return;
    const { ahead, height, version } = this.#state.basis;
    if (ahead === undefined) return;
    const takers = clients.filter((client) => client.takesEmpty);
    const groups = Map.groupBy(takers, (client) => {
      const record = this.#recordOf(ahead, client, { height: height + 1, version, tip: undefined });
      client.holdsAhead(record);
      return record;
    });
    for (const [record, group] of groups) {
      yield { clients: ids(group), messages: [newTemplate(record, true)], reason: 'ahead' };
    }
  }

  /** Clients by the template of the current tip that each is now given. */
  #current(clients: readonly Subscriber[], basis: Basis, nowMs: number): Map<TemplateRecord, Subscriber[]> {
    return Map.groupBy(clients, (client) => {
      const record = this.#recordOf(basis.contentFor(client.space), client, basis);
      client.mines(record, nowMs);
      return record;
    });
  }

  /** The content under an id that is new to this client: the one it has already, unless the client saw a later one. */
  #recordOf(
    content: FittedTemplate,
    client: Subscriber,
    { height, version, tip }: Pick<TemplateRecord, 'height' | 'version' | 'tip'>,
  ): TemplateRecord {
    const known = this.#records.get(content);
    if (known !== undefined && known.templateId > client.lastId) return known;
    const record = this.#book.add({ height, version, tip, content });
    this.#records.set(content, record);
    return record;
  }

  #tipMessage({ templateId }: TemplateRecord, basis: Basis, nowMs: number): TemplateSetNewPrevHash {
    return setNewPrevHash(templateId, basis.tip, headerTimestamp(basis, nowMs));
  }
}

function ids(clients: readonly Subscriber[]): readonly ClientId[] {
  return clients.map((client) => client.id);
}
