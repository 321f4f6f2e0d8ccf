import { heightOf } from '@sv2kit/bitcoin';
import { templateDistribution, type TemplatesFromClient, type TemplatesFromServer } from '@sv2kit/codec';
import type { Condition } from '@sv2kit/daemon';
import type { Solution, Tip, WorkTemplate } from '@sv2kit/mining';
import type { Clock, Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import type { CoinbaseConstraints, TemplateEvent, WorkTip } from '@sv2kit/templates';
import {
  createUpstream,
  type Endpoint,
  endpointName,
  type Upstream,
  type UpstreamOptions,
  type UpstreamState,
} from '@sv2kit/upstream';
import { POOL_LIMITS } from './limits.ts';
import type { PoolMetrics } from './metrics.ts';
import { Provider } from './provider.ts';
import { SolutionOutbox } from './solution-outbox.ts';
import type { TransactionStore } from './transaction-store.ts';
import { checkTemplate, miningTip } from './usable.ts';

/** Where work goes: the mining server. */
export interface WorkSink {
  prepare(template: WorkTemplate): void;
  activate(template: WorkTemplate, tip: Tip): void;
  update(template: WorkTemplate): boolean;
  forgetPrepared(): void;
  suspend(): void;
  readonly working: boolean;
}

export interface TemplateLineOptions {
  readonly endpoints: readonly Endpoint[];
  readonly constraints: CoinbaseConstraints;
  /** The coinbase's tag: templates must leave room for it. */
  readonly tag: Uint8Array;
  readonly sink: WorkSink;
  /** Undefined: whole blocks are nobody's, so transactions are not asked for. */
  readonly transactions: TransactionStore | undefined;
  /** A new best block, internal byte order. */
  onTip(prevHash: Uint8Array): void;
  readonly staleWorkMs: number;
  readonly condition: Condition;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<PoolMetrics, 'templates' | 'templateProviders'>;
  /** How providers are reached; TCP when absent. */
  readonly connect?: UpstreamOptions<typeof templateDistribution>['connect'];
}

/**
 * The pool's side of template distribution (§7): keeps one template provider of an ordered list, turns what it says into
 * work, and hands solutions back to the provider that made their template.
 */
export class TemplateLine {
  readonly #options: TemplateLineOptions;
  readonly #upstream: Upstream;
  readonly #outbox: SolutionOutbox;
  #current: Provider | undefined;
  /** Of the work at hand. */
  #height = 0;
  #workedBy: Provider | undefined;
  #freshAtMs: number;

  constructor(options: TemplateLineOptions) {
    this.#options = options;
    const { endpoints, clock, log, metrics, connect } = options;
    this.#freshAtMs = clock.now();
    this.#outbox = new SolutionOutbox(clock);
    this.#upstream = createUpstream({
      endpoints,
      protocol: templateDistribution,
      setup: () => ({ vendor: 'sv2kit', hardwareVersion: 'pool' }),
      handler: (connection, endpoint) => this.#onConnected(connection, endpoint),
      clock,
      log,
      metrics: metrics.templateProviders,
      ...(connect === undefined ? {} : { connect }),
    });
  }

  get state(): UpstreamState {
    return this.#upstream.state;
  }

  /** Of the block that is being mined. */
  get height(): number {
    return this.#height;
  }

  /** Milliseconds for which no template provider has stood behind the work at hand. */
  staleForMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#freshAtMs);
  }

  /** Hands a solution to the provider that made its template. @returns whether it is on its way */
  submit(solution: Solution): boolean {
    return this.#outbox.submit(solution);
  }

  /** Time passes: is there work, and is it fresh? */
  tick(): void {
    const { clock, sink, staleWorkMs, log, condition } = this.#options;
    const nowMs = clock.now();
    this.#passOverUseless(nowMs);
    if (this.#workedBy?.open === true) this.#freshAtMs = nowMs;
    const staleMs = this.staleForMs(nowMs);
    if (sink.working && staleMs > staleWorkMs) {
      log.error('no template provider for too long: miners are sent away', { seconds: Math.round(staleMs / 1000) });
      sink.suspend();
      this.#height = 0;
    }
    this.#resume();
    const reason = this.#trouble(staleMs);
    if (reason === undefined) condition.ok();
    else condition.failing(reason);
  }

  async close(): Promise<void> {
    await this.#upstream.close();
  }

  #trouble(staleMs: number): string | undefined {
    const { sink } = this.#options;
    const { ok, reason = 'no template yet' } = this.#upstream.health;
    if (!sink.working) return ok ? 'no template yet' : `nothing to mine: ${reason}`;
    if (this.#workedBy?.open === true) return undefined;
    return `the work served has had no template provider for ${Math.round(staleMs / 1000)} s: ${reason}`;
  }

  #onConnected(
    connection: Connection<TemplatesFromClient>,
    endpoint: Endpoint,
  ): ConnectionHandler<TemplatesFromServer> {
    const { constraints, log, clock } = this.#options;
    const name = endpointName(endpoint);
    const provider = new Provider(connection, endpoint, clock.now(), log.child({ templateProvider: name }), (event) =>
      this.#onEvent(provider, event),
    );
    this.#current = provider;
    provider.start(constraints);
    this.#outbox.deliver(provider);
    return provider;
  }

  #onEvent(provider: Provider, event: TemplateEvent): void {
    const { metrics, transactions, sink } = this.#options;
    metrics.templates.inc({ event: event.kind });
    switch (event.kind) {
      case 'future-template':
        this.#take(provider, event.template);
        if (this.#leads(provider)) sink.prepare(event.template);
        return;
      case 'activated':
        this.#take(provider, event.template);
        this.#onActivated(provider, event.template, event.tip);
        return this.#askFor(provider, event.template);
      case 'update':
        this.#take(provider, event.template);
        if (this.#leads(provider)) sink.update(event.template);
        // What was passed over as too old may have caught up.
        else this.#onActivated(provider, event.template, event.tip);
        return this.#askFor(provider, event.template);
      case 'transaction-data':
        transactions?.put(provider.asked(event.templateId), event.transactions);
        return;
      case 'transaction-data-refused':
        provider.asked(event.templateId);
        provider.log.warn('a template came without its transactions', { code: event.errorCode });
        return;
      case 'tip-without-template':
        return this.#onTipWithoutTemplate(provider, event.tip);
      case 'ignored':
        provider.log.debug('a message changed nothing', { reason: event.reason });
    }
  }

  #take(provider: Provider, template: WorkTemplate): void {
    checkTemplate(template, this.#options.tag);
    this.#outbox.note(template, provider);
  }

  /** The work at hand is of an older tip: it has nobody behind it until a template comes. */
  #onTipWithoutTemplate(provider: Provider, tip: WorkTip): void {
    provider.log.warn('a new tip came without a template');
    provider.idleSinceMs = this.#options.clock.now();
    if (this.#leads(provider)) this.#workedBy = undefined;
    this.#options.onTip(tip.prevHash);
  }

  /** Whether the work at hand is this provider's. */
  #leads(provider: Provider): boolean {
    return this.#workedBy === provider;
  }

  #onActivated(provider: Provider, template: WorkTemplate, announced: WorkTip): void {
    const { sink, clock, onTip } = this.#options;
    const tip = miningTip(announced);
    const height = heightOf(template.coinbasePrefix);
    if (!this.#leads(provider)) {
      if (sink.working && height < this.#height) {
        provider.log.warn('a template provider is behind the work at hand', { height, current: this.#height });
        return;
      }
      sink.forgetPrepared();
      this.#workedBy = provider;
      provider.log.info('templates come from here now', { height });
    }
    this.#height = height;
    this.#freshAtMs = clock.now();
    sink.activate(template, tip);
    for (const prepared of provider.prepared(template)) sink.prepare(prepared);
    onTip(tip.prevHash);
  }

  /** What was passed over as too old is better than nothing. */
  #resume(): void {
    const provider = this.#current;
    if (this.#options.sink.working || provider?.open !== true || provider.current === undefined) return;
    this.#onActivated(provider, provider.current.template, provider.current.tip);
  }

  /** The block of a template with an empty merkle path is its coinbase alone. */
  #askFor(provider: Provider, template: WorkTemplate): void {
    const { transactions } = this.#options;
    if (transactions === undefined || transactions.has(template)) return;
    if (template.merklePath.length === 0) transactions.put(template, []);
    else provider.ask(template);
  }

  /** A provider that is there but of no use is passed over when there are others. */
  #passOverUseless(nowMs: number): void {
    const { endpoints } = this.#options;
    const provider = this.#current;
    if (endpoints.length < 2 || provider?.open !== true || this.#leads(provider)) return;
    if (nowMs - provider.idleSinceMs >= POOL_LIMITS.uselessProviderMs) this.#upstream.giveUp('no-fresh-template');
  }
}
