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
}

/** So many weight units of a block for each unit of its sigop cost: 4,000,000 to 80,000. */
const WEIGHT_PER_SIGOP = 50;

export function reservation({ weight, sigops }: CoinbaseSpace): Reservation {
  return { weight, sigops, key: `${weight} ${sigops}` };
}

/** Whether a template that keeps `reserve` free has room for a coinbase of `space`. */
export function covers(reserve: CoinbaseSpace, space: CoinbaseSpace): boolean {
  return reserve.weight >= space.weight && reserve.sigops >= space.sigops;
}

/**
 * The reservations that serve all clients: each client's own space, as long as there are no more than a limit of them.
 * Beyond that the nearest ones share, so that a client with huge outputs costs the others nothing.
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
    const need = { space: own, reservation: own, clients: 1 };
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
    const needs = [...this.#needs.values()].toSorted((a, b) => compareSpaces(a.space, b.space));
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
    this.#wanted = [...wanted.values()];
  }
}

/** By weight, then by sigops. */
export function compareSpaces(a: CoinbaseSpace, b: CoinbaseSpace): number {
  return a.weight - b.weight || a.sigops - b.sigops;
}

/** Cuts a sorted list at its widest gaps, into as many groups as may be. */
function groups(needs: readonly CountedNeed[], limit: number): readonly CountedNeed[][] {
  const gaps = needs.slice(1).map((need, index) => ({ at: index + 1, width: gap(needs[index] ?? need, need) }));
  const cuts = gaps.toSorted((a, b) => b.width - a.width).slice(0, limit - 1);
  const starts = [0, ...cuts.map(({ at }) => at)].toSorted((a, b) => a - b);
  return starts.map((start, index) => needs.slice(start, starts[index + 1])).filter((group) => group.length > 0);
}

function gap({ space: a }: Need, { space: b }: Need): number {
  return b.weight - a.weight + WEIGHT_PER_SIGOP * Math.abs(b.sigops - a.sigops);
}
