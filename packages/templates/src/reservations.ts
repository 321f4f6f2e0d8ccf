import type { CoinbaseSpace } from './coinbase-space.ts';

/** A coinbase space that clients need, and the reservation that serves them: their own, or that of a group. */
export interface Need {
  readonly space: CoinbaseSpace;
  readonly reservation: Reservation;
}

/** What a template keeps free; `key` is the same for the same space. */
export interface Reservation extends CoinbaseSpace {
  readonly key: string;
}

interface CountedNeed extends Need {
  reservation: Reservation;
  clients: number;
  /** What it takes of a block, in weight units. */
  readonly size: number;
}

/** So many weight units of a block for each unit of its sigop cost: 4,000,000 to 80,000. */
const WEIGHT_PER_SIGOP = 50;
/** What Bitcoin Core keeps free when nobody says, 8000 weight units and 400 sigops, in weight units: nobody minds it. */
const LITTLE = 8000 + 400 * WEIGHT_PER_SIGOP;
/** How often the growth of a group is halved to find the least: to a ten-thousandth and better. */
const HALVINGS = 24;

export function reservation({ weight, sigops }: CoinbaseSpace): Reservation {
  return { weight, sigops, key: `${weight} ${sigops}` };
}

/** Whether a template that keeps `reserve` free has room for a coinbase of `space`. */
export function covers(reserve: CoinbaseSpace, space: CoinbaseSpace): boolean {
  return reserve.weight >= space.weight && reserve.sigops >= space.sigops;
}

/**
 * The reservations that serve all clients: each client's own space, as long as there are no more than a limit of them.
 * Beyond that they share with their like, so that none has to keep free much more than its own space, or than
 * Bitcoin Core does by itself: whatever strangers ask for, it costs a client with few outputs a hundredth of a block.
 */
export class Reservations {
  readonly #limit: number;
  readonly #needs = new Map<string, CountedNeed>();
  #wanted: readonly Reservation[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Distinct, smallest first. */
  get wanted(): readonly Reservation[] {
    return this.#wanted;
  }

  /** One more client has this space; its need is shared with all who have the same. */
  add(space: CoinbaseSpace): Need {
    const own = reservation(space);
    const known = this.#needs.get(own.key);
    if (known !== undefined) {
      known.clients += 1;
      return known;
    }
    const need = { space: own, reservation: own, clients: 1, size: sizeOf(own) };
    this.#needs.set(own.key, need);
    this.#plan();
    return need;
  }

  /** One client fewer. */
  remove({ space }: Need): void {
    const { key } = reservation(space);
    const known = this.#needs.get(key);
    if (known === undefined) throw new Error(`no client has the space ${key}`);
    known.clients -= 1;
    if (known.clients > 0) return;
    this.#needs.delete(key);
    this.#plan();
  }

  #plan(): void {
    const needs = [...this.#needs.values()].toSorted((a, b) => a.size - b.size);
    const wanted = new Map<string, Reservation>();
    for (const group of groups(needs, this.#limit)) {
      const largest = reservation({
        weight: Math.max(...group.map(({ space }) => space.weight)),
        sigops: Math.max(...group.map(({ space }) => space.sigops)),
      });
      const shared = wanted.get(largest.key) ?? largest;
      wanted.set(shared.key, shared);
      for (const need of group) need.reservation = shared;
    }
    this.#wanted = [...wanted.values()].toSorted(compareSpaces);
  }
}

/** By weight, then by sigops. */
export function compareSpaces(a: CoinbaseSpace, b: CoinbaseSpace): number {
  return a.weight - b.weight || a.sigops - b.sigops;
}

function sizeOf({ weight, sigops }: CoinbaseSpace): number {
  return weight + WEIGHT_PER_SIGOP * sigops;
}

/** Cuts a list, smallest first, into at most so many groups that the largest of each is the least above its smallest. */
function groups(needs: readonly CountedNeed[], limit: number): readonly CountedNeed[][] {
  if (needs.length <= limit) return needs.map((need) => [need]);
  let [tooLittle, enough] = [1, growth(needs[0], needs.at(-1))];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = Math.sqrt(tooLittle * enough);
    if (cut(needs, middle).length > limit) tooLittle = middle;
    else enough = middle;
  }
  return cutMore(cut(needs, enough), limit);
}

/** As few groups as there are when none grows by more than a factor. */
function cut(needs: readonly CountedNeed[], most: number): readonly CountedNeed[][] {
  const all: CountedNeed[][] = [];
  for (const need of needs) {
    const group = all.at(-1);
    if (group !== undefined && growth(group[0], need) <= most) group.push(need);
    else all.push([need]);
  }
  return all;
}

/** Halves the group that grows most, until there are as many as may be. */
function cutMore(all: readonly CountedNeed[][], limit: number): readonly CountedNeed[][] {
  if (all.length >= limit) return all;
  const [widest] = all
    .filter(({ length }) => length > 1)
    .toSorted((a, b) => growth(b[0], b.at(-1)) - growth(a[0], a.at(-1)));
  if (widest === undefined) return all;
  const half = Math.ceil(widest.length / 2);
  const halves = all.flatMap((group) => (group === widest ? [group.slice(0, half), group.slice(half)] : [group]));
  return cutMore(halves, limit);
}

function growth(smallest: CountedNeed | undefined, largest: CountedNeed | undefined): number {
  return ((largest?.size ?? 0) + LITTLE) / ((smallest?.size ?? 0) + LITTLE);
}
