import type { UpstreamView } from '@sv2kit/monitor';
import { endpointName, type UpstreamState } from '@sv2kit/upstream';

type Place = Parameters<typeof endpointName>[0];
/** What a list of upstreams says of itself, whatever is spoken there. */
export type StateOfAny = UpstreamState<Place>;

interface Seen {
  readonly state: string;
  readonly reason: string | undefined;
  readonly sinceMs: number;
}

/** Since when each upstream of a list is as it is, and why. */
export class UpstreamStates {
  readonly #beganMs: number;
  readonly #seen = new Map<string, Seen>();
  #active: string | undefined;

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  saw(state: StateOfAny, nowMs: number): void {
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

  /** @param stats of the one in use */
  views(kind: UpstreamView['kind'], endpoints: readonly Place[], stats: () => UpstreamView['stats']): UpstreamView[] {
    return endpoints.map((endpoint) => {
      const name = endpointName(endpoint);
      const active = name === this.#active;
      const { state, reason, sinceMs } = this.#seen.get(name) ?? {
        state: 'not tried',
        reason: undefined,
        sinceMs: this.#beganMs,
      };
      return {
        name,
        kind,
        url: name,
        state,
        active,
        ...(reason === undefined ? {} : { reason }),
        sinceMs: Math.round(sinceMs),
        stats: active ? stats() : {},
      };
    });
  }

  #set(name: string, state: string, reason: string | undefined, nowMs: number): void {
    const before = this.#seen.get(name);
    const sinceMs = before?.state === state ? before.sinceMs : nowMs;
    this.#seen.set(name, { state, reason, sinceMs });
  }
}

function reasonOf(state: StateOfAny): string | undefined {
  if (state.kind === 'waiting') return state.reason;
  return state.kind === 'connecting' ? state.lastFailure : undefined;
}
