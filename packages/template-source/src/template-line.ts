import { heightOf } from '@sv2kit/bitcoin';
import { templateDistribution, type TemplatesFromClient, type TemplatesFromServer } from '@sv2kit/codec';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { Connection, ConnectionHandler } from '@sv2kit/net';
import type { CoinbaseConstraints, TemplateEvent, WorkTip } from '@sv2kit/templates';
import { createUpstream, type Endpoint, endpointName, type Upstream, type UpstreamState } from '@sv2kit/upstream';
import { type BlockWay, type Taken, TEMPLATE_PROVIDER } from './block-way.ts';
import { ChainCheck } from './chain-check.ts';
import { dated, Freshness } from './freshness.ts';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import { type LineState, troubleCode, troubleOf } from './line-trouble.ts';
import { templateOf } from './origin.ts';
import { Provider } from './provider.ts';
import { SolutionOutbox } from './solution-outbox.ts';
import type { TemplateLineOptions } from './template-line-options.ts';
import { checkTemplate, miningTip } from './usable.ts';

/**
 * The client's side of template distribution (§7): keeps one template provider of an ordered list, turns what it says
 * into work, and hands solutions back to the provider that made their template.
 */
export class TemplateLine {
  readonly #options: TemplateLineOptions;
  readonly #upstream: Upstream;
  readonly #outbox: SolutionOutbox;
  #constraints: CoinbaseConstraints;
  #endpoints: readonly Endpoint[];
  #current: Provider | undefined;
  /** Of the work at hand. */
  #height = 0;
  #workedBy: Provider | undefined;
  readonly #freshness: Freshness;
  readonly #chain: ChainCheck;
  /** The last provider there was gives work of the wrong chain. */
  #wrong: { readonly provider: string; readonly by: string } | undefined;
  /** Since when miners are served, unix ms. */
  #servingSinceMs: number | undefined;

  constructor(options: TemplateLineOptions) {
    this.#options = options;
    const { endpoints, setup, constraints, clock, log, metrics, connect, connections, onLost } = options;
    this.#constraints = constraints;
    this.#endpoints = endpoints;
    this.#freshness = new Freshness(clock.now(), options.bestBlock ?? (() => undefined));
    this.#chain = new ChainCheck(options.nodes ?? [], clock);
    this.#outbox = new SolutionOutbox(clock, onLost ?? (() => {}));
    this.#upstream = createUpstream({
      endpoints,
      protocol: templateDistribution,
      setup: () => setup,
      handler: (connection, endpoint) => this.#onConnected(connection, endpoint),
      clock,
      log,
      metrics: metrics.templateProviders,
      connections,
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

  /** Whether a provider that is there stands behind the work at hand: it says at once when the tip moves. */
  get backed(): boolean {
    return this.#workedBy?.open === true;
  }

  /** What providers are asked to leave room for (§7.1). */
  get constraints(): CoinbaseConstraints {
    return this.#constraints;
  }

  /** Milliseconds for which no template provider has stood behind the work at hand. */
  staleForMs(nowMs: number): number {
    return this.#freshness.staleForMs(nowMs);
  }

  /** Hands a solution to the provider that made its template, or keeps it until that is back. */
  submit(solution: Solution): Exclude<Taken, 'not-for-it'> {
    return this.#outbox.submit(solution);
  }

  /** The way to the provider of a block's template, for a {@link BlockDesk}. */
  get way(): BlockWay {
    return {
      name: TEMPLATE_PROVIDER,
      take: ({ solution }) => {
        if (templateOf(solution) === undefined) return 'not-for-it';
        return this.submit(solution);
      },
    };
  }

  /**
   * The coinbase outputs may have outgrown the room that templates leave: the provider is told at once when they have
   * (§7.1). The room never shrinks again. Use larger outputs from the next template that is activated on.
   */
  setConstraints(wanted: CoinbaseConstraints): void {
    const grown = larger(this.#constraints, wanted);
    if (grown === this.#constraints) return;
    this.#constraints = grown;
    if (this.#current?.open === true) this.#current.constrain(grown);
  }

  /** The provider that a template came from, as the log names it. */
  sourceOf(template: WorkTemplate): string | undefined {
    const maker = this.#outbox.makerOf(template);
    return maker && endpointName(maker.endpoint);
  }

  /** Other providers to choose from, the preferred one first. The present one stays where it is among them. */
  setProviders(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    this.#upstream.setEndpoints(endpoints);
  }

  /** Time passes: is there work, and is it fresh? To be called every `TEMPLATE_SOURCE_LIMITS.tickMs`. */
  tick(): void {
    const { clock, sink, staleWorkMs, log, condition } = this.#options;
    const nowMs = clock.now();
    this.#freshness.look(nowMs, this.#current);
    this.#outbox.tick();
    const isOutrun = this.#freshness.outrunSinceMs !== undefined;
    if (this.backed && this.#workedBy?.isQuestioned !== true && !isOutrun) this.#freshness.renew(nowMs);
    this.#passOverWrong();
    this.#passOverUseless(nowMs);
    this.#passOverSilent(nowMs);
    const staleMs = this.staleForMs(nowMs);
    if (sink.working && (staleMs > staleWorkMs || this.#isWrongFromTheStart(nowMs))) {
      const since = dated(this.#freshness.freshAtMs);
      const told = { since, seconds: Math.round(staleMs / 1000), reason: troubleOf(this.#state(nowMs)) };
      log.error('no fresh template for too long: miners are sent away', told);
      sink.suspend();
      this.#height = 0;
    }
    this.#resume();
    const state = this.#state(nowMs);
    const reason = troubleOf(state);
    if (reason === undefined) condition.ok();
    else condition.failing(reason, troubleCode(state));
  }

  async close(): Promise<void> {
    await this.#upstream.close();
  }

  #state(nowMs: number): LineState {
    return {
      working: this.#options.sink.working,
      backed: this.backed,
      upstream: this.#upstream.health,
      wrong: this.#wrong,
      outrun: this.#freshness.trouble(nowMs),
      freshUntil: this.#servingSinceMs === undefined ? undefined : dated(this.#freshness.freshAtMs),
    };
  }

  #onConnected(
    connection: Connection<TemplatesFromClient>,
    endpoint: Endpoint,
  ): ConnectionHandler<TemplatesFromServer> {
    const { log, clock, transactions } = this.#options;
    const own = log.child({ templateProvider: endpointName(endpoint) });
    const provider: Provider = new Provider(connection, endpoint, () => clock.now(), own, {
      onEvent: (event) => this.#onEvent(provider, event),
      onLost: (unanswered) => {
        this.#outbox.disconnected(provider);
        for (const template of unanswered) transactions?.giveUp(template);
      },
    });
    this.#current = provider;
    provider.constrain(this.#constraints);
    this.#outbox.deliver(provider);
    return provider;
  }

  #onEvent(provider: Provider, event: TemplateEvent): void {
    const { metrics, transactionsAhead, sink } = this.#options;
    metrics.templates.inc({ event: event.kind });
    switch (event.kind) {
      case 'future-template':
        this.#take(provider, event.template);
        if (this.#leads(provider)) sink.prepare(event.template);
        if (transactionsAhead === true) this.#askFor(provider, event.template);
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
        return this.#onTransactions(provider, event.templateId, event.transactions, event.excessData);
      case 'transaction-data-refused':
        return this.#onRefused(provider, event.templateId, event.errorCode);
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

  #onTransactions(provider: Provider, id: bigint, data: readonly Uint8Array[], excessData: Uint8Array): void {
    const waited = provider.probed(id);
    if (waited.length > 0) {
      const usable = this.#outbox.answered(waited, data);
      if (usable > 0) provider.log.info('blocks that waited were handed to their template provider', { usable });
      return;
    }
    const template = provider.asked(id);
    if (template !== undefined) this.#options.transactions?.put(template, data, excessData);
  }

  #onRefused(provider: Provider, id: bigint, code: string): void {
    const waited = provider.probed(id);
    if (waited.length > 0) {
      this.#outbox.answered(waited, undefined);
      return;
    }
    const template = provider.asked(id);
    if (template !== undefined) this.#options.transactions?.giveUp(template);
    provider.log.warn('a template came without its transactions', { code });
  }

  /** The work at hand is of an older tip: it has nobody behind it until a template comes. */
  #onTipWithoutTemplate(provider: Provider, tip: WorkTip): void {
    provider.log.warn('a new tip came without a template');
    provider.idleSinceMs = this.#options.clock.now();
    if (this.#leads(provider)) this.#workedBy = undefined;
    if (!provider.isHeld) this.#options.onTip({ ...miningTip(tip), height: undefined });
  }

  /** Whether the work at hand is this provider's. */
  #leads(provider: Provider): boolean {
    return this.#workedBy === provider;
  }

  #onActivated(provider: Provider, template: WorkTemplate, announced: WorkTip): void {
    const { sink, clock, onTip } = this.#options;
    const tip = miningTip(announced);
    const height = heightOf(template.coinbasePrefix);
    if (this.#isHeld(provider, tip.prevHash)) return;
    provider.isHeld = false;
    if (!this.#leads(provider)) {
      if (sink.working && height < this.#height && this.#wrong === undefined) {
        provider.log.warn('a template provider is behind the work at hand', { height, current: this.#height });
        return;
      }
      sink.forgetPrepared();
      this.#workedBy = provider;
      provider.log.info('templates come from here now', { height });
    }
    this.#wrong = undefined;
    this.#height = height;
    this.#freshness.renew(clock.now());
    if (!sink.working) this.#servingSinceMs = clock.now();
    sink.activate(template, tip);
    for (const prepared of provider.prepared(template)) sink.prepare(prepared);
    onTip({ ...tip, height });
  }

  /** Whether nodes of our own have something against what this provider builds on, or have yet to say. */
  #isHeld(provider: Provider, prevHash: Uint8Array): boolean {
    const name = endpointName(provider.endpoint);
    const verdict = this.#chain.judge(name, prevHash);
    // Who was in the right so far is not doubted for each new block.
    const isHeld = verdict.kind === 'wrong' || (verdict.kind === 'asking' && !this.#leads(provider));
    if (isHeld) provider.isHeld = true;
    if (verdict.kind !== 'wrong') return isHeld;
    if (this.#wrong?.provider !== name) provider.log.error('a template provider is on the wrong chain', verdict);
    this.#wrong = { provider: name, by: verdict.by };
    if (this.#leads(provider)) this.#workedBy = undefined;
    return true;
  }

  /** No miner has settled on that work yet: none is to be kept with it. */
  #isWrongFromTheStart(nowMs: number): boolean {
    const isNew = nowMs - (this.#servingSinceMs ?? Number.NEGATIVE_INFINITY) < TEMPLATE_SOURCE_LIMITS.uselessProviderMs;
    return isNew && this.#wrong !== undefined && !this.backed;
  }

  /** What was passed over as too old, or held, is better than nothing. */
  #resume(): void {
    const provider = this.#current;
    if (provider?.open !== true || provider.current === undefined) return;
    if (this.#options.sink.working && !provider.isHeld) return;
    if (provider.isQuestioned || this.#freshness.outrunSinceMs !== undefined) return;
    this.#onActivated(provider, provider.current.template, provider.current.tip);
  }

  /** The block of a template with an empty merkle path is its coinbase alone. */
  #askFor(provider: Provider, template: WorkTemplate): void {
    const { transactions } = this.#options;
    if (transactions === undefined || transactions.has(template) || provider.isAsking(template)) return;
    if (template.merklePath.length === 0) transactions.put(template, []);
    else provider.ask(template);
  }

  /** The chain that it is on is not one to wait for. */
  #passOverWrong(): void {
    const provider = this.#current;
    if (provider?.open !== true || provider.current === undefined) return;
    const isHeld = this.#isHeld(provider, provider.current.tip.prevHash);
    if (isHeld && this.#wrong !== undefined && this.#endpoints.length > 1) this.#upstream.giveUp('wrong-chain');
  }

  /** A provider that is there but of no use is passed over when there are others. */
  #passOverUseless(nowMs: number): void {
    const endpoints = this.#endpoints;
    const provider = this.#current;
    if (endpoints.length < 2 || provider?.open !== true) return;
    const { uselessProviderMs } = TEMPLATE_SOURCE_LIMITS;
    const sinceMs = this.#leads(provider) ? this.#freshness.outrunSinceMs : provider.idleSinceMs;
    if (sinceMs !== undefined && nowMs - sinceMs >= uselessProviderMs) this.#upstream.giveUp('no-fresh-template');
  }

  /** One that is connected and does not answer is as good as away: its connection may be dead, or its process stuck. */
  #passOverSilent(nowMs: number): void {
    const provider = this.#current;
    if (provider?.open !== true || !provider.isSilent(nowMs)) return;
    provider.log.warn('a template provider is connected, and silent', { since: dated(provider.heardAtMs) });
    this.#upstream.giveUp('silent');
  }
}

/** The room that both need; `a` itself when that is enough. */
function larger(a: CoinbaseConstraints, b: CoinbaseConstraints): CoinbaseConstraints {
  const size = Math.max(a.coinbaseOutputMaxAdditionalSize, b.coinbaseOutputMaxAdditionalSize);
  const sigops = Math.max(a.coinbaseOutputMaxAdditionalSigops, b.coinbaseOutputMaxAdditionalSigops);
  if (size === a.coinbaseOutputMaxAdditionalSize && sigops === a.coinbaseOutputMaxAdditionalSigops) return a;
  return { coinbaseOutputMaxAdditionalSize: size, coinbaseOutputMaxAdditionalSigops: sigops };
}
