import type { MiningNode, NodeTemplate, NodeTip } from '@sv2kit/bitcoin-node';
import type { Clock, Health, Logger } from '@sv2kit/daemon';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';

/** What the feed tells, always of one node at a time. */
export interface FeedListener {
  onTemplate(template: NodeTemplate, node: string): void;
  onTip(tip: NodeTip): void;
  /** No node has been there for too long. The next template ends this. */
  onAway(): void;
}

export interface TemplateFeedDeps {
  /** The preferred one first. */
  readonly nodes: readonly MiningNode[];
  /** How long work outlives the last node, in ms. */
  readonly awayLimitMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly listener: FeedListener;
  readonly signal: AbortSignal;
}

/** One node, as the feed follows it. */
class Source {
  readonly node: MiningNode;
  latest: NodeTemplate | undefined;
  /** Since when it is as it is: there, or not there. Unix ms. */
  sinceMs: number;
  isThere = false;

  constructor(node: MiningNode, nowMs: number) {
    this.node = node;
    this.sinceMs = nowMs;
  }

  /** Notes the node's health; a node is there when it has given a template since it was last away. */
  look(nowMs: number): void {
    const { state, lastTemplateAtMs } = this.node.health();
    const isThere =
      state === 'ok' && this.latest !== undefined && (this.isThere || (lastTemplateAtMs ?? 0) >= this.sinceMs);
    if (isThere !== this.isThere) this.sinceMs = nowMs;
    this.isThere = isThere;
  }

  forMs(nowMs: number): number {
    return nowMs - this.sinceMs;
  }

  /** Of its latest template; 0 before the first. */
  get height(): number {
    return this.latest?.height ?? 0;
  }
}

/**
 * Follows all nodes, and passes on what the most preferred one says that is there. It moves to another when that one
 * has been away for a moment, and back when it has been there again for as long; never to one that is behind the work
 * at hand, such as a node that catches up after a restart, unless that work has outlived its node for too long.
 */
export class TemplateFeed {
  readonly #deps: TemplateFeedDeps;
  readonly #sources: readonly Source[];
  readonly #conditions: ReadonlyMap<Source, ReturnType<Health['condition']>>;
  #active: Source | undefined;
  #served = false;

  constructor(deps: TemplateFeedDeps) {
    this.#deps = deps;
    const nowMs = deps.clock.now();
    this.#sources = deps.nodes.map((node) => new Source(node, nowMs));
    this.#conditions = new Map(
      this.#sources.map((source) => [source, deps.health.condition(`node ${source.node.name}`, 'not heard of yet')]),
    );
  }

  /** The node whose templates are passed on. */
  get activeNode(): string | undefined {
    return this.#active?.node.name;
  }

  /** Follows the nodes until the signal aborts. Resolves when nothing is being followed any more. */
  async run(): Promise<void> {
    await Promise.all(this.#sources.flatMap((source) => [this.#followTemplates(source), this.#followTips(source)]));
  }

  /** To be called a few times a second. */
  tick(): void {
    const nowMs = this.#deps.clock.now();
    for (const source of this.#sources) {
      source.look(nowMs);
      this.#report(source);
    }
    this.#choose(nowMs);
    const active = this.#active;
    if (active === undefined || active.isThere || !this.#served) return;
    if (active.forMs(nowMs) < this.#deps.awayLimitMs) return;
    this.#served = false;
    this.#deps.log.error('no node is there: work is withdrawn', {
      node: active.node.name,
      awayMs: active.forMs(nowMs),
    });
    this.#deps.listener.onAway();
  }

  async #followTemplates(source: Source): Promise<void> {
    for await (const template of source.node.templates(this.#deps.signal)) {
      source.latest = template;
      source.look(this.#deps.clock.now());
      if (this.#active === undefined) this.#activate(source);
      else if (this.#active === source) this.#pass(source);
    }
  }

  async #followTips(source: Source): Promise<void> {
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
    const expired = !active.isThere && active.forMs(nowMs) >= this.#deps.awayLimitMs;
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

  #activate(source: Source): void {
    if (this.#active !== undefined) {
      this.#deps.log.warn('templates come from another node now', { node: source.node.name, was: this.activeNode });
    }
    this.#active = source;
    this.#pass(source);
  }

  #pass(source: Source): void {
    if (source.latest === undefined) return;
    this.#served = true;
    this.#deps.listener.onTemplate(source.latest, source.node.name);
  }

  #report(source: Source): void {
    const { state, reason } = source.node.health();
    const condition = this.#conditions.get(source);
    if (source.isThere) condition?.ok();
    else condition?.failing(reason ?? (state === 'ok' ? 'no template yet' : state));
  }
}
