import { AddressRanges, addressGroup } from './addresses.ts';
import type { Refusal } from './close-reasons.ts';
import type { Limits } from './limits.ts';

/** Counts connections against the limits and says which one a further connection would break. */
export class Admission {
  readonly #limits: Limits;
  #allowed: AddressRanges;
  #exempt: AddressRanges;
  /** Connections from each address that is not exempt. */
  readonly #perAddress = new Map<string, number>();
  #connections = 0;
  #handshakes = 0;
  #tokens: number;
  #refilledAt = 0;
  /** Connections accepted from each address in the second that began at `#secondAt`. */
  readonly #recent = new Map<string, number>();
  #secondAt = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#allowed = new AddressRanges(limits.allow);
    this.#exempt = new AddressRanges(limits.exempt);
    this.#tokens = limits.acceptsPerSecond;
  }

  /** The limits have changed; connections that are open stay. */
  refresh(): void {
    this.#allowed = new AddressRanges(this.#limits.allow);
    this.#exempt = new AddressRanges(this.#limits.exempt);
    // Those who are exempt now are not counted when they leave.
    for (const group of this.#perAddress.keys()) {
      if (this.#exempt.has(group.includes(':') ? `${group}::` : group)) this.#perAddress.delete(group);
    }
  }

  get connections(): number {
    return this.#connections;
  }

  /** Connections that are not set up yet. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /** Counts a connection in, or names the limit that forbids it. `now`: unix milliseconds. */
  enter(address: string, now: number): Refusal | undefined {
    const limit = this.hold();
    if (limit !== undefined) return limit;
    const refusal = this.identify(address, now);
    if (refusal !== undefined) this.release();
    return refusal;
  }

  /** Counts a connection in of which the address is not known yet. */
  hold(): Refusal | undefined {
    const { connections, handshakes } = this.#limits;
    if (this.#connections >= connections) return 'connections';
    if (this.#handshakes >= handshakes) return 'handshakes';
    this.#connections += 1;
    this.#handshakes += 1;
    return undefined;
  }

  /** Its address is known; or names the limit that forbids it, and it has to be released. `now`: unix milliseconds. */
  identify(address: string, now: number): Refusal | undefined {
    if (!this.#allowed.isEmpty && !this.#allowed.has(address)) return 'not-allowed';
    if (this.#exempt.has(address)) return undefined;
    const { connectionsPerAddress, acceptsPerSecondPerAddress } = this.#limits;
    const key = addressGroup(address);
    const connections = this.#perAddress.get(key) ?? 0;
    if (connections >= connectionsPerAddress) return 'connections-per-address';
    const recent = this.#recently(key, now);
    if (reached(recent, acceptsPerSecondPerAddress)) return 'accept-rate-per-address';
    if (!this.#takeToken(now)) return 'accept-rate';
    this.#recent.set(key, recent + 1);
    this.#perAddress.set(key, connections + 1);
    return undefined;
  }

  /** A connection that was held and not identified has ended. */
  release(): void {
    this.#connections -= 1;
    this.#handshakes -= 1;
  }

  /** A connection is set up, or has ended before it was. */
  leaveHandshake(): void {
    this.#handshakes -= 1;
  }

  leave(address: string): void {
    this.#connections -= 1;
    if (this.#exempt.has(address)) return;
    const key = addressGroup(address);
    const left = (this.#perAddress.get(key) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(key, left);
    else this.#perAddress.delete(key);
  }

  #recently(key: string, now: number): number {
    if (Math.abs(now - this.#secondAt) >= 1_000) {
      this.#recent.clear();
      this.#secondAt = now;
    }
    return this.#recent.get(key) ?? 0;
  }

  #takeToken(now: number): boolean {
    const rate = this.#limits.acceptsPerSecond;
    if (rate === 0) return true;
    const elapsed = Math.max(0, now - this.#refilledAt);
    this.#tokens = Math.min(rate, this.#tokens + (elapsed * rate) / 1000);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

function reached(count: number, limit: number): boolean {
  return limit > 0 && count >= limit;
}
