import type { BlockTransaction, HeldTemplate, MiningNode } from '@sv2kit/bitcoin-node';
import type { Clock, Logger } from '@sv2kit/daemon';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';

/** What the publisher knows of a template whose transactions are with a node. */
export interface HeldTemplateUser {
  /** Whether a client may still solve it, or ask for its transactions. */
  holds(template: HeldTemplate): boolean;
  /** Its transactions are here. */
  complete(template: HeldTemplate, transactions: readonly BlockTransaction[]): void;
}

export interface HeldTemplatesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<TemplateProviderMetrics, 'heldLoads'>;
  readonly user: HeldTemplateUser;
  /** Whether some node takes whole blocks. */
  readonly takesBlocks: () => boolean;
}

/** Where the transactions of a held template are. */
type Load =
  | { readonly state: 'with-node'; readonly failures: number; readonly notBeforeMs: number }
  | { readonly state: 'loading'; readonly done: Promise<void> }
  | { readonly state: 'here' };

/** A template that its node holds for us. */
export interface HeldEntry {
  readonly template: HeldTemplate;
  readonly node: MiningNode;
}

class Entry implements HeldEntry {
  readonly template: HeldTemplate;
  readonly node: MiningNode;
  /** Whether it is the last of its stream, which a node that is chosen later gives out. */
  isLatest = true;
  /** Whether its node was away since, or failed to give its transactions. */
  isSuspect = false;
  /** Whether it was told of as lost. */
  isKnownLost = false;
  load: Load = { state: 'with-node', failures: 0, notBeforeMs: 0 };

  constructor(template: HeldTemplate, node: MiningNode) {
    this.template = template;
    this.node = node;
  }

  /** Whether its node may have forgotten it. */
  get isDoubtful(): boolean {
    return this.isSuspect || this.template.isGone;
  }
}

/**
 * The templates that nodes hold for us. Their transactions are fetched as soon as a client may need them, so that a
 * solution outlives the node; a template that nobody can solve any more is given back.
 */
export class HeldTemplates {
  readonly #deps: HeldTemplatesDeps;
  readonly #entries = new Map<object, Entry>();
  #isClosed = false;

  constructor(deps: HeldTemplatesDeps) {
    this.#deps = deps;
  }

  /** Templates that nodes hold for us. */
  get count(): number {
    return this.#entries.size;
  }

  /** Those that one node holds. */
  countOf(node: MiningNode): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.node === node) count += 1;
    return count;
  }

  /** A node has given it. */
  add(template: HeldTemplate, node: MiningNode): void {
    this.#entries.set(template, new Entry(template, node));
  }

  /** Its stream has a newer one, or has ended. */
  retire(template: HeldTemplate): void {
    const entry = this.#entries.get(template);
    if (entry !== undefined) entry.isLatest = false;
  }

  /** The node is away: it may come back without what it held. */
  doubt(node: MiningNode): void {
    for (const entry of this.#entries.values()) if (entry.node === node) entry.isSuspect = true;
  }

  /** Whether its node may have forgotten a template. */
  isDoubtful(template: object): boolean {
    return this.#entries.get(template)?.isDoubtful ?? false;
  }

  /**
   * Whether a block of some template that clients have may find no taker: its node may have forgotten it, and it cannot be
   * handed in as a whole. Told once of each template.
   */
  takeLost(): boolean {
    const { user, takesBlocks } = this.#deps;
    const lost = Array.from(this.#entries.values()).filter(
      ({ template, isDoubtful, isKnownLost, load }) =>
        isDoubtful && !isKnownLost && user.holds(template) && (load.state !== 'here' || !takesBlocks()),
    );
    for (const entry of lost) entry.isKnownLost = true;
    return lost.length > 0;
  }

  /** The template that a solution is of, with its node; undefined when it was given back. */
  find(origin: object): HeldEntry | undefined {
    return this.#entries.get(origin);
  }

  /**
   * Resolves when the transactions of a template have come; asks for them at once if they are not on their way.
   *
   * @throws what the node said, when it cannot give them
   */
  async complete(origin: object): Promise<void> {
    const entry = this.#entries.get(origin);
    if (entry === undefined) throw new Error('the template was given back to its node');
    if (entry.load.state === 'here') return;
    if (entry.load.state === 'loading') {
      try {
        return await entry.load.done;
      } catch {
        // It is worth another try.
      }
    }
    await this.#load(entry);
  }

  /** Fetches the transactions of all templates that clients have; to be called after templates went out, and often. */
  load(): void {
    const nowMs = this.#deps.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.load.state !== 'with-node' || nowMs < entry.load.notBeforeMs) continue;
      if (!this.#deps.user.holds(entry.template)) continue;
      this.#load(entry).catch((error: unknown) => {
        if (this.#isClosed) return;
        const { height } = entry.template;
        this.#deps.log.warn('the transactions of a template could not be fetched', {
          node: entry.node.name,
          height,
          error,
        });
      });
    }
  }

  /** Gives back what nobody needs. */
  sweep(): void {
    for (const entry of this.#entries.values()) {
      if (entry.isLatest || entry.load.state === 'loading' || this.#deps.user.holds(entry.template)) continue;
      this.#release(entry);
    }
  }

  /** Gives back everything. */
  close(): void {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) this.#release(entry);
  }

  #load(entry: Entry): Promise<void> {
    if (entry.load.state === 'loading') return entry.load.done;
    const failures = entry.load.state === 'with-node' ? entry.load.failures : 0;
    const done = this.#fetch(entry, failures);
    entry.load = { state: 'loading', done };
    return done;
  }

  async #fetch(entry: Entry, failures: number): Promise<void> {
    const { user, metrics, clock } = this.#deps;
    const { template, node } = entry;
    try {
      const transactions = await template.transactions();
      if (this.#entries.has(template)) user.complete(template, transactions);
      entry.load = { state: 'here' };
      if (failures > 0) entry.isSuspect = false;
      metrics.heldLoads.inc({ node: node.name, outcome: 'success' });
    } catch (error) {
      const afterMs = LIMITS.loadAgainMs[failures] ?? Number.POSITIVE_INFINITY;
      entry.isSuspect = true;
      entry.load = { state: 'with-node', failures: failures + 1, notBeforeMs: clock.now() + afterMs };
      metrics.heldLoads.inc({ node: node.name, outcome: 'failed' });
      throw error;
    }
  }

  #release({ template }: Entry): void {
    this.#entries.delete(template);
    template.release();
  }
}
