import { ProtocolError } from '@sv2kit/codec';
import { AddressRanges, addressGroup } from '@sv2kit/net';
import type { TemplateProviderErrorCode } from './errors.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import { RateLimit } from './rate-limit.ts';

/** What one asker may ask a minute, and how many templates of one tip it may hold. */
export interface Rates {
  readonly constraintsPerMinute: number;
  readonly transactionDataPerMinute: number;
  readonly refusedSolutionsPerMinute: number;
  readonly outstandingTemplates: number;
}

/** What can be asked too often. */
export type Asking = 'constraints' | 'transactionData' | 'refusedSolutions';

const CODES: Readonly<Record<Asking, TemplateProviderErrorCode>> = {
  constraints: 'too-many-constraints',
  transactionData: 'too-many-transaction-requests',
  refusedSolutions: 'too-many-refused-solutions',
};

/** What one client, or all clients of one address together, have left. */
class Allowance {
  readonly #limits: Readonly<Record<Asking, RateLimit>>;
  readonly #most: number;
  /** Templates of the current tip that were given out. */
  outstanding = 0;

  constructor(rates: Rates, nowMs: number) {
    this.#most = rates.outstandingTemplates;
    this.#limits = {
      constraints: new RateLimit(rates.constraintsPerMinute, nowMs),
      transactionData: new RateLimit(rates.transactionDataPerMinute, nowMs),
      refusedSolutions: new RateLimit(rates.refusedSolutionsPerMinute, nowMs),
    };
  }

  get isSpent(): boolean {
    return this.outstanding >= this.#most;
  }

  take(what: Asking, nowMs: number): boolean {
    return this.#limits[what].take(nowMs);
  }

  isUnused(nowMs: number): boolean {
    return this.outstanding === 0 && Object.values(this.#limits).every((limit) => limit.isFull(nowMs));
  }
}

/** An address, with all the clients that come from it. */
interface Account {
  readonly allowance: Allowance;
  clients: number;
}

/** What one client has left, of its own and of its address. */
export class ClientAllowance {
  readonly #own: Allowance;
  /** Undefined for an address that is exempt. */
  readonly #shared: Account | undefined;

  constructor(own: Rates, shared: Account | undefined, nowMs: number) {
    this.#own = new Allowance(own, nowMs);
    this.#shared = shared;
    if (shared !== undefined) shared.clients += 1;
  }

  /**
   * Takes one of what may be asked.
   *
   * @throws ProtocolError when there is none left: the client asks too much, or its address does
   */
  take(what: Asking, nowMs: number): void {
    const shared = this.#shared?.allowance;
    if (!this.#own.take(what, nowMs)) throw new ProtocolError(CODES[what], { of: 'client' });
    if (shared?.take(what, nowMs) === false) throw new ProtocolError(CODES[what], { of: 'address' });
  }

  /** Whether it holds as many templates of the current tip as it may. */
  get isSpent(): boolean {
    return this.#own.isSpent || this.#shared?.allowance.isSpent === true;
  }

  /** Templates of the current tip that it was given. */
  get outstanding(): number {
    return this.#own.outstanding;
  }

  /** It was given templates of the current tip. */
  give(templates: number): void {
    this.#own.outstanding += templates;
    if (this.#shared !== undefined) this.#shared.allowance.outstanding += templates;
  }

  /** Its tip is another, and its templates are of the past; or it is gone. */
  settle(): void {
    this.give(-this.#own.outstanding);
  }

  /** The client is gone. */
  leave(): void {
    this.settle();
    if (this.#shared !== undefined) this.#shared.clients -= 1;
  }
}

export interface AllowancesOptions {
  readonly perClient: Rates;
  readonly perAddress: Rates;
  /** Addresses and subnets without limits per address. */
  readonly exempt: readonly string[];
}

/** Holds clients to what each of them, and each address, may ask. An address is remembered beyond its connections. */
export class Allowances {
  readonly #perClient: Rates;
  readonly #perAddress: Rates;
  readonly #exempt: AddressRanges;
  readonly #accounts = new Map<string, Account>();
  #prunedAtMs = 0;

  constructor(options: AllowancesOptions) {
    this.#perClient = options.perClient;
    this.#perAddress = options.perAddress;
    this.#exempt = new AddressRanges(options.exempt);
  }

  /** A client has come. */
  enter(address: string, nowMs: number): ClientAllowance {
    this.#prune(nowMs);
    const shared = this.#exempt.has(address) ? undefined : this.#account(addressGroup(address), nowMs);
    return new ClientAllowance(this.#perClient, shared, nowMs);
  }

  #account(group: string, nowMs: number): Account {
    const account = this.#accounts.get(group) ?? { allowance: new Allowance(this.#perAddress, nowMs), clients: 0 };
    this.#accounts.set(group, account);
    return account;
  }

  /** Forgets addresses that are as good as new ones. */
  #prune(nowMs: number): void {
    if (nowMs - this.#prunedAtMs < LIMITS.pruneAddressesMs) return;
    this.#prunedAtMs = nowMs;
    for (const [group, { allowance, clients }] of this.#accounts) {
      if (clients === 0 && allowance.isUnused(nowMs)) this.#accounts.delete(group);
    }
  }
}
