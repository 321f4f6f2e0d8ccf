import type { TemplateContent } from './content.ts';

/** The tip that clients were told to build on, with the header fields they use. Spec §7.3. */
export interface PublishedTip {
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Little-endian. */
  readonly target: Uint8Array;
}

/** One template id: what it stands for, and the tip that it was activated with. */
export interface TemplateRecord {
  readonly templateId: bigint;
  readonly content: TemplateContent;
  /** Undefined while it is a future template. */
  readonly tip: PublishedTip | undefined;
}

interface Generation {
  readonly records: Map<bigint, TemplateRecord>;
  /** When a newer tip took over, unix ms; undefined for the current tip. */
  staleSinceMs: number | undefined;
}

/** What the book knows of an id. */
export type Lookup =
  | { readonly kind: 'current'; readonly record: TemplateRecord }
  | { readonly kind: 'stale'; readonly record: TemplateRecord; readonly staleSinceMs: number }
  /** Given out once, since forgotten. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'unknown' };

/**
 * Every template that a client may still send a solution for (§7: a provider MUST track the work it provided).
 * Templates of the current tip stay as long as there is room. Those of the tip before it stay until the next tip, and at
 * least for a grace; older ones go when their grace is over.
 */
export class TemplateBook {
  readonly #first: bigint;
  readonly #graceMs: number;
  #next: bigint;
  #current: Generation = { records: new Map(), staleSinceMs: undefined };
  /** Newest first. */
  #older: Generation[] = [];
  /** How many records there are of each content. */
  readonly #uses = new Map<TemplateContent, number>();

  constructor(options: { readonly firstTemplateId: bigint; readonly graceMs: number }) {
    this.#first = options.firstTemplateId;
    this.#next = options.firstTemplateId;
    this.#graceMs = options.graceMs;
  }

  /** How many templates of the current tip are held. */
  get currentCount(): number {
    return this.#current.records.size;
  }

  /** How many templates are held in all. */
  get count(): number {
    return this.#older.reduce((sum, generation) => sum + generation.records.size, this.#current.records.size);
  }

  /** Every template that is held, those of the current tip first. */
  *all(): Generator<{ readonly record: TemplateRecord; readonly isStale: boolean }> {
    for (const record of this.#current.records.values()) yield { record, isStale: false };
    for (const { records } of this.#older) for (const record of records.values()) yield { record, isStale: true };
  }

  /** Gives content a new id, above every earlier one. Without a tip it is a future template. */
  add(content: TemplateContent, tip: PublishedTip | undefined): TemplateRecord {
    const record = { templateId: this.#next++, content, tip };
    this.#current.records.set(record.templateId, record);
    this.#uses.set(content, (this.#uses.get(content) ?? 0) + 1);
    return record;
  }

  has(templateId: bigint): boolean {
    return this.#current.records.has(templateId);
  }

  /** Whether a client may solve a template of this content. */
  holds(content: TemplateContent): boolean {
    return this.#uses.has(content);
  }

  /** future -> active: the record belongs to the current tip from now on. */
  activate(templateId: bigint, tip: PublishedTip): TemplateRecord {
    for (const { records } of [this.#current, ...this.#older]) {
      const record = records.get(templateId);
      if (record === undefined) continue;
      if (record.tip !== undefined) throw new Error(`template ${templateId} is active already`);
      records.delete(templateId);
      const active = { ...record, tip };
      this.#current.records.set(templateId, active);
      return active;
    }
    throw new Error(`template ${templateId} is not held`);
  }

  /** A new tip: everything held so far is stale. */
  turnStale(nowMs: number): void {
    this.#current.staleSinceMs = nowMs;
    this.#older.unshift(this.#current);
    this.#current = { records: new Map(), staleSinceMs: undefined };
    this.prune(nowMs);
  }

  /** Forgets what is neither of the current tip nor of the one before it, and past its grace. */
  prune(nowMs: number): void {
    this.#older = this.#older.filter((generation, age) => {
      if (age === 0 || nowMs - (generation.staleSinceMs ?? nowMs) <= this.#graceMs) return true;
      for (const { content } of generation.records.values()) this.#drop(content);
      return false;
    });
  }

  /** Forgets the oldest templates of the current tip that are not in use, until there are fewer than a number of them. */
  makeRoom(most: number, inUse: ReadonlySet<bigint>): void {
    const { records } = this.#current;
    for (const [templateId, { content }] of records) {
      if (records.size < most) return;
      if (inUse.has(templateId)) continue;
      records.delete(templateId);
      this.#drop(content);
    }
  }

  #drop(content: TemplateContent): void {
    const left = (this.#uses.get(content) ?? 0) - 1;
    if (left > 0) this.#uses.set(content, left);
    else this.#uses.delete(content);
  }

  find(templateId: bigint): Lookup {
    const current = this.#current.records.get(templateId);
    if (current !== undefined) return { kind: 'current', record: current };
    for (const { records, staleSinceMs } of this.#older) {
      const record = records.get(templateId);
      if (record !== undefined && staleSinceMs !== undefined) return { kind: 'stale', record, staleSinceMs };
    }
    return templateId >= this.#first && templateId < this.#next ? { kind: 'forgotten' } : { kind: 'unknown' };
  }
}
