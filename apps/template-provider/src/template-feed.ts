import type { CoinbaseReserve, MiningNode, NodeTemplate, NodeTip } from '@sv2kit/bitcoin-node';
import { type Clock, type Health, type Logger, nodeCode } from '@sv2kit/daemon';
import type { TemplateProviderCloseReason } from './errors.ts';
import type { HeldTemplates } from './held-templates.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import { NodeSource } from './node-source.ts';

/** What the feed tells, always of one node at a time. */
export interface FeedListener {
  onTemplate(template: NodeTemplate, node: string): void;
  onTip(tip: NodeTip): void;
  /** A block of what was given out may find no taker: what follows takes its place, whatever it pays. */
  onLost(): void;
  /** No node has been there for too long, or the one in use is refused. The next template ends this. */
  onAway(code: TemplateProviderCloseReason): void;
}

export interface TemplateFeedDeps {
  /** The preferred one first. */
  readonly nodes: readonly MiningNode[];
  /** What templates shall keep free that nodes hold: one stream of the node in use for each. */
  readonly wanted: () => readonly CoinbaseReserve[];
  readonly held: Pick<HeldTemplates, 'add' | 'retire' | 'doubt' | 'isDoubtful' | 'takeLost'>;
  /** How long work outlives the last node, in ms. */
  readonly awayLimitMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly listener: FeedListener;
  readonly signal: AbortSignal;
}

/**
 * Follows all nodes, and passes on what the most preferred one says that is there. It moves to another when that one
 * has been away for a moment, and back when it has been there again for as long; never to one that is behind the work
 * at hand, such as a node that catches up after a restart, unless that work has outlived its node for too long, or its
 * node is refused as one on another chain.
 */
export class TemplateFeed {
  readonly #deps: TemplateFeedDeps;
  readonly #sources: readonly NodeSource[];
  readonly #conditions: ReadonlyMap<NodeSource, ReturnType<Health['condition']>>;
  #active: NodeSource | undefined;
  #served = false;
  #lastTickMs = Number.NEGATIVE_INFINITY;

  constructor(deps: TemplateFeedDeps) {
    this.#deps = deps;
    const { held, clock, signal } = deps;
    this.#sources = deps.nodes.map((node) => {
      const source: NodeSource = new NodeSource({
        node,
        held,
        clock,
        signal,
        onTemplate: (template) => this.#onTemplate(source, template),
      });
      return source;
    });
    this.#conditions = new Map(
      this.#sources.map((source) => [
        source,
        deps.health.condition(`node ${source.node.name}`, source.node.health().reason, 'node-away'),
      ]),
    );
  }

  /** The node whose templates are passed on. */
  get activeNode(): string | undefined {
    return this.#active?.node.name;
  }

  /** What is followed of each node, the preferred one first. */
  get sources(): readonly NodeSource[] {
    return this.#sources;
  }

  /** Follows the nodes until the signal aborts. Resolves when nothing is being followed any more. */
  async run(): Promise<void> {
    this.follow();
    await Promise.all(this.#sources.flatMap((source) => [source.streams.untilEnded(), this.#followTips(source)]));
  }

  /** Follows the templates that are wanted; to be called when that may have changed. */
  follow(): void {
    const wanted = this.#deps.wanted();
    for (const source of this.#sources) {
      if (source === this.#active) source.serve(wanted);
      else source.standBy(wanted);
    }
  }

  /** To be called a few times a second. */
  tick(): void {
    const nowMs = this.#deps.clock.now();
    const backMs = this.#lastTickMs - nowMs;
    this.#lastTickMs = nowMs;
    for (const source of this.#sources) {
      if (backMs > 0) source.shift(backMs);
      source.look(nowMs);
      this.#report(source);
    }
    this.#choose(nowMs);
    this.follow();
    const active = this.#active;
    if (active === undefined || active.isThere || !this.#served) return;
    if (active.forMs(nowMs) < this.#limitMs(active)) return;
    this.#served = false;
    const { reason } = active.node.health();
    const since = new Date(nowMs - active.forMs(nowMs)).toISOString();
    this.#deps.log.error('no node is there: work is withdrawn', { node: active.node.name, since, reason });
    this.#deps.listener.onAway(active.isRefused ? 'node-refused' : 'node-away');
  }

  /** How long work outlives its node: what is on another chain is worth nothing, but another node may take over. */
  #limitMs(source: NodeSource): number {
    return source.isRefused ? LIMITS.nodeSwitchMs : this.#deps.awayLimitMs;
  }

  #onTemplate(source: NodeSource, template: NodeTemplate): void {
    source.look(this.#deps.clock.now());
    if (this.#active === undefined) this.#activate(source);
    else if (this.#active !== source) return;
    // What a stream had before comes again when a client wants it: withdrawn work stays withdrawn.
    else if (!this.#served && !source.isThere) return;
    else if (this.#deps.held.takeLost()) this.#renew(source);
    else this.#give(source, [template]);
  }

  async #followTips(source: NodeSource): Promise<void> {
    for await (const tip of source.node.tips(this.#deps.signal)) {
      if (this.#active === source && this.#served) this.#deps.listener.onTip(tip);
    }
  }

  /** Moves to the most preferred node that is there, once that is settled; comes back to work after a withdrawal. */
  #choose(nowMs: number): void {
    const active = this.#active;
    if (active === undefined) return;
    if (active.isThere && !this.#served) this.#pass(active);
    const leaving = !active.isThere && active.forMs(nowMs) >= LIMITS.nodeSwitchMs;
    const expired = !active.isThere && active.forMs(nowMs) >= this.#limitMs(active);
    for (const source of this.#sources) {
      if (source === active) {
        if (!leaving) return;
      } else if (source.isThere && (leaving || source.forMs(nowMs) >= LIMITS.nodeSwitchMs)) {
        if (!expired && source.height < active.height) continue;
        this.#activate(source);
        return;
      }
    }
  }

  #activate(source: NodeSource): void {
    if (this.#active !== undefined) {
      this.#deps.log.warn('templates come from another node now', { node: source.node.name, was: this.activeNode });
    }
    this.#active = source;
    if (this.#deps.held.takeLost()) this.#renew(source);
    else this.#pass(source);
    this.follow();
  }

  /** Gives out all that the node has, in the place of what was there before. */
  #renew(source: NodeSource): void {
    this.#deps.listener.onLost();
    this.#pass(source);
  }

  /** Gives out all that the node has. */
  #pass(source: NodeSource): void {
    this.#give(source, source.streams.current);
  }

  #give(source: NodeSource, templates: readonly NodeTemplate[]): void {
    for (const template of templates) {
      this.#served = true;
      this.#deps.listener.onTemplate(template, source.node.name);
    }
  }

  #report(source: NodeSource): void {
    const { state, reason } = source.node.health();
    const condition = this.#conditions.get(source);
    const code = state === 'ok' && !source.isThere ? 'no-template' : nodeCode(state);
    if (!source.isThere) condition?.failing(reason ?? (state === 'ok' ? lackOf(source) : state), code);
    else if (reason === undefined) condition?.ok();
    else condition?.lacking(reason, code);
  }
}

/** What a node that answers is without. */
function lackOf({ latest, sinceMs }: NodeSource): string {
  return latest === undefined ? 'no template yet' : `it has given no template since ${new Date(sinceMs).toISOString()}`;
}
