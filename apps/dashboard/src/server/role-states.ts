/** Whether a role can be asked, and why not. */
export type RoleState =
  | { readonly state: 'reachable'; readonly sinceMs: number }
  | { readonly state: 'unreachable' | 'refused'; readonly reason: string; readonly sinceMs: number };

/** A role as GET ./roles tells of it. */
export type RoleEntry = RoleState & {
  readonly name: string;
  /** Where it is asked, relative to the page. */
  readonly path: string;
};

/** What asking a role came to. */
export type ProbeOutcome =
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'away'; readonly reason: string };

/** The state after an outcome: the same one, with its time, while nothing has changed but words. */
export function stateAfter(before: RoleState | undefined, outcome: ProbeOutcome, nowMs: number): RoleState {
  const state = STATES[outcome.kind];
  const sinceMs = before?.state === state ? before.sinceMs : nowMs;
  if (outcome.kind === 'role') return { state: 'reachable', sinceMs };
  return { state: outcome.kind === 'refused' ? 'refused' : 'unreachable', reason: outcome.reason, sinceMs };
}

const STATES = { role: 'reachable', refused: 'refused', away: 'unreachable' } as const;
