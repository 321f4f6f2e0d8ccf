/** Slots of a table that has just been made. */
const FIRST_SLOTS = 16;
/** Numbers a slot takes: two words of the hash and the job's id. */
const LANES = 3;

/** Memory that the duplicate tables of a whole process may take together. */
export class ShareBudget {
  readonly limit: number;
  readonly #assured: number;
  #used = 0;

  /**
   * @param limit slots of 12 bytes
   * @param assured slots of a table that is never refused, whatever the others have taken: greed costs nobody else
   */
  constructor(limit: number, assured = 0) {
    this.limit = limit;
    this.#assured = assured;
  }

  /** Slots taken. */
  get used(): number {
    return this.#used;
  }

  /** @param slots of one table, in all */
  take(slots: number): boolean {
    if (this.#used + slots > this.limit && slots > this.#assured) return false;
    this.#used += slots;
    return true;
  }

  giveBack(slots: number): void {
    this.#used -= slots;
  }
}

/**
 * The shares of one channel on one tip, to tell duplicates: a hash table in typed arrays, keyed by 64 bits of the
 * header's hash. It never forgets a share of a job that can still be submitted for; when it cannot remember one more
 * within its bounds it says so.
 */
export class SeenShares {
  readonly #limit: number;
  readonly #budget: ShareBudget;
  #table: Uint32Array | undefined;
  #count = 0;
  #compactable = false;

  /** @param limit shares to remember */
  constructor(limit: number, budget: ShareBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  get size(): number {
    return this.#count;
  }

  /**
   * Remembers a share.
   * @param hash internal byte order, so that its first bytes are the ones that proof of work leaves random
   * @param jobId above 0
   * @param live whether shares of a job can still be submitted; asked only when room runs out
   */
  add(hash: Uint8Array, jobId: number, live: (jobId: number) => boolean): 'new' | 'duplicate' | 'exhausted' {
    const low = word(hash, 0);
    const high = word(hash, 4);
    if (this.#table !== undefined) {
      const slot = find(this.#table, low, high);
      if (this.#table[slot] !== 0) return 'duplicate';
    }
    if (!this.#makeRoom(live)) return 'exhausted';
    const table = this.#table as Uint32Array;
    const slot = find(table, low, high);
    table[slot] = jobId;
    table[slot + 1] = low;
    table[slot + 2] = high;
    this.#count += 1;
    return 'new';
  }

  /** Shares of some job can no longer be submitted: they need not be remembered when room runs out. */
  jobRetired(): void {
    this.#compactable = true;
  }

  /** Forgets everything: a new tip makes every older share stale. */
  clear(): void {
    if (this.#table !== undefined) this.#budget.giveBack(this.#table.length / LANES);
    this.#table = undefined;
    this.#count = 0;
  }

  #makeRoom(live: (jobId: number) => boolean): boolean {
    const slots = this.#table === undefined ? 0 : this.#table.length / LANES;
    if (this.#count < this.#limit && this.#count * 4 < slots * 3) return true;
    if (this.#count < this.#limit && this.#rebuild(Math.max(FIRST_SLOTS, slots * 2))) return true;
    if (!this.#compactable || slots === 0) return false;
    this.#compact(live);
    return this.#count < this.#limit && this.#count * 4 < slots * 3;
  }

  #rebuild(slots: number): boolean {
    if (!this.#budget.take(slots)) return false;
    const old = this.#table;
    this.#table = new Uint32Array(slots * LANES);
    this.#count = 0;
    if (old !== undefined) {
      this.#copy(old, () => true);
      this.#budget.giveBack(old.length / LANES);
    }
    return true;
  }

  /** Drops the shares of jobs that are gone: submitted again they are refused as stale. */
  #compact(live: (jobId: number) => boolean): void {
    const old = this.#table as Uint32Array;
    this.#table = new Uint32Array(old.length);
    this.#count = 0;
    this.#compactable = false;
    this.#copy(old, live);
  }

  #copy(old: Uint32Array, keep: (jobId: number) => boolean): void {
    const table = this.#table as Uint32Array;
    for (let from = 0; from < old.length; from += LANES) {
      const jobId = old[from] as number;
      if (jobId === 0 || !keep(jobId)) continue;
      const low = old[from + 1] as number;
      const high = old[from + 2] as number;
      const slot = find(table, low, high);
      table[slot] = jobId;
      table[slot + 1] = low;
      table[slot + 2] = high;
      this.#count += 1;
    }
  }
}

/** Where a key is, or the empty slot where it would go; the table always has one. */
function find(table: Uint32Array, low: number, high: number): number {
  const mask = table.length / LANES - 1;
  let slot = low & mask;
  for (;;) {
    const at = slot * LANES;
    if (table[at] === 0 || (table[at + 1] === low && table[at + 2] === high)) return at;
    slot = (slot + 1) & mask;
  }
}

function word(bytes: Uint8Array, at: number): number {
  const b = (index: number) => bytes[at + index] as number;
  return (b(0) | (b(1) << 8) | (b(2) << 16) | (b(3) << 24)) >>> 0;
}
