import { type Endpoint, endpointName, type Place } from './endpoint.ts';
import type { Target } from './reconnect-rule.ts';
import type { RedirectGate } from './redirect-gate.ts';
import type { Relay } from './relay.ts';

/** One try to connect. */
export interface Attempt {
  /** Of the endpoint. */
  readonly index: number;
  readonly target: Target;
  /** Reconnect messages obeyed in a row to get here. */
  readonly hops: number;
  readonly abort: AbortController;
}

/** What the upstream holds in each state. */
export type State =
  | { readonly phase: 'connecting'; readonly attempt: Attempt; readonly lastFailure: string | undefined }
  | {
      readonly phase: 'connected';
      readonly attempt: Attempt;
      readonly relay: Relay;
      readonly sinceMs: number;
      readonly redirects: RedirectGate;
      /** It has asked us to reconnect: its end is no fault of its own. */
      readonly isLeaving: boolean;
      /** A try for a better endpoint, or for where Reconnect leads; the connection stays until it succeeds. */
      readonly candidate: Attempt | undefined;
      /** Until the next look for a better endpoint. */
      readonly probe: Disposable | undefined;
    }
  | { readonly phase: 'waiting'; readonly untilMs: number; readonly reason: string; readonly timer: Disposable }
  | { readonly phase: 'closed' };

/**
 * What the application sees. Times: unix milliseconds. `trouble` is the last failure of each endpoint that was tried since
 * one served, in their order.
 */
export type UpstreamState<E extends Place = Endpoint> =
  | { readonly kind: 'connecting'; readonly endpoint: E; readonly lastFailure?: string; readonly trouble?: string }
  | { readonly kind: 'connected'; readonly endpoint: E; readonly primary: boolean; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly reason: string; readonly trouble?: string }
  | { readonly kind: 'closed' };

export interface UpstreamHealth {
  /** Connected, be it to a backup. */
  readonly ok: boolean;
  /** Why not, or that a backup is used. */
  readonly reason?: string;
}

/** @param trouble why no endpoint serves */
export function describeState<E extends Place>(
  state: State,
  endpoints: readonly E[],
  trouble: string | undefined,
): UpstreamState<E> {
  const why = trouble === undefined ? {} : { trouble };
  switch (state.phase) {
    case 'connecting': {
      const { attempt, lastFailure } = state;
      const endpoint = endpoints[attempt.index] as E;
      return { kind: 'connecting', endpoint, ...(lastFailure !== undefined && { lastFailure }), ...why };
    }
    case 'connected': {
      const { attempt, sinceMs } = state;
      const endpoint = endpoints[attempt.index] as E;
      return { kind: 'connected', endpoint, primary: attempt.index === 0, sinceMs };
    }
    case 'waiting':
      return { kind: 'waiting', untilMs: state.untilMs, reason: state.reason, ...why };
    case 'closed':
      return { kind: 'closed' };
  }
}

export function healthOf(state: UpstreamState<Place>): UpstreamHealth {
  switch (state.kind) {
    case 'connected':
      return state.primary ? { ok: true } : { ok: true, reason: `on backup ${endpointName(state.endpoint)}` };
    default:
      return { ok: false, reason: troubleOf(state) };
  }
}

/** Why no upstream is there, in words that stay while it is tried again and again to the same end. */
export function troubleOf(state: Exclude<UpstreamState<Place>, { kind: 'connected' }>): string {
  switch (state.kind) {
    case 'connecting':
      return state.trouble ?? state.lastFailure ?? `connecting to ${endpointName(state.endpoint)}`;
    case 'waiting':
      return state.trouble ?? state.reason;
    case 'closed':
      return 'closed';
    default:
      return state satisfies never;
  }
}

/** A state as /status shows it: text, truth values and null alone. */
export function upstreamFacts(state: UpstreamState<Place>): Readonly<Record<string, string | boolean | null>> {
  switch (state.kind) {
    case 'connected':
      return { state: 'connected', endpoint: endpointName(state.endpoint), primary: state.primary };
    case 'connecting':
      return { state: 'connecting', endpoint: endpointName(state.endpoint), reason: state.lastFailure ?? null };
    case 'waiting':
      return { state: 'waiting', reason: state.reason };
    case 'closed':
      return { state: 'closed' };
  }
}
