import type { Tone } from '../../parts/badge.tsx';
import type { Box, BoxState, Link, LinkProtocol } from './graph.ts';

export const STATE_TONES: Readonly<Record<BoxState, Tone>> = {
  ok: 'good',
  degraded: 'warn',
  failing: 'bad',
  starting: 'info',
  stopping: 'warn',
  away: 'bad',
  unknown: 'idle',
};

const STATES: Readonly<Record<BoxState, string>> = {
  ok: 'ok',
  degraded: 'works, but not all is well',
  failing: 'does not do its work',
  starting: 'starting',
  stopping: 'stopping',
  away: 'not reachable',
  unknown: 'nothing is known of its state',
};

/** What a state means. */
export function stateWords(state: BoxState): string {
  return STATES[state];
}

/** A box in a sentence. */
export function boxWords({ label, what, state, reason, type }: Box): string {
  const name = what === label || what === '' ? label : `${label} (${what})`;
  if (type === 'group') return name;
  return `${name}: ${stateWords(state)}${reason === undefined ? '' : `, ${reason}`}`;
}

/** What a line carries, in words; in the order of the legend. */
export const PROTOCOLS: Readonly<Record<LinkProtocol, string>> = {
  mining: 'mining (SV2)',
  v1: 'mining (Stratum V1)',
  'job-declaration': 'job declaration',
  'template-distribution': 'template distribution',
  node: 'Bitcoin node',
};

/** How a line is, in words. */
export function linkWords({ isUp, isActive, state, reason }: Link): string {
  const words = isUp ? (isActive ? state : `${state}, stands by`) : state;
  return reason === undefined ? words : `${words}: ${reason}`;
}
