import { endpointName, type Place } from './endpoint.ts';
import type { UpstreamState } from './state.ts';

/** One upstream of a list, for those who look. */
export interface UpstreamReport {
  readonly name: string;
  readonly url: string;
  /** `ok` is the one in use; `left` was in use before it; `away` and `connecting` are sought; or `not tried`, `closed`. */
  readonly state: 'ok' | 'left' | 'connecting' | 'away' | 'closed' | 'not tried';
  readonly active: boolean;
  readonly reason?: string;
  /** Since when it is so; unix milliseconds. */
  readonly sinceMs: number;
}

interface Seen {
  readonly state: UpstreamReport['state'];
  readonly reason: string | undefined;
  readonly sinceMs: number;
}

/** Since when each upstream of a list is as it is, and why, whatever is spoken there. */
export class UpstreamStates {
  readonly #beganMs: number;
  readonly #seen = new Map<string, Seen>();
  #active: string | undefined;

  /** @param nowMs unix milliseconds */
  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  /** What `onState` of an upstream says. */
  saw(state: UpstreamState<Place>, nowMs: number): void {
    const before = this.#active;
    this.#active = state.kind === 'connected' ? endpointName(state.endpoint) : undefined;
    if (before !== undefined && before !== this.#active) this.#set(before, 'left', reasonOf(state), nowMs);
    switch (state.kind) {
      case 'connected':
        return this.#set(endpointName(state.endpoint), 'ok', undefined, nowMs);
      case 'connecting':
        return this.#set(endpointName(state.endpoint), 'connecting', state.lastFailure, nowMs);
      case 'waiting':
        for (const name of this.#seen.keys()) this.#set(name, 'away', state.reason, nowMs);
        return;
      case 'closed':
        for (const name of this.#seen.keys()) this.#set(name, 'closed', undefined, nowMs);
        return;
      default:
        state satisfies never;
    }
  }

  /** In the order of the list. */
  reports(endpoints: readonly Place[]): UpstreamReport[] {
    return endpoints.map((endpoint) => {
      const name = endpointName(endpoint);
      const seen = this.#seen.get(name) ?? { state: 'not tried', reason: undefined, sinceMs: this.#beganMs };
      const { state, reason } = seen;
      const sinceMs = Math.round(seen.sinceMs);
      return {
        name,
        url: name,
        state,
        active: name === this.#active,
        ...(reason === undefined ? {} : { reason }),
        sinceMs,
      };
    });
  }

  #set(name: string, state: Seen['state'], reason: string | undefined, nowMs: number): void {
    const before = this.#seen.get(name);
    const sinceMs = before?.state === state ? before.sinceMs : nowMs;
    this.#seen.set(name, { state, reason, sinceMs });
  }
}

function reasonOf(state: UpstreamState<Place>): string | undefined {
  if (state.kind === 'waiting') return state.reason;
  return state.kind === 'connecting' ? state.lastFailure : undefined;
}
