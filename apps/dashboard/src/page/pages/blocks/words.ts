import type { BlockView } from '@sv2kit/monitor';

/** What a status means, in a word and in a sentence, and how far along the way it is (0 to 3). */
export interface StatusWords {
  readonly word: string;
  readonly meaning: string;
  readonly tone: 'new' | 'good' | 'bad';
  readonly steps: 0 | 1 | 2 | 3;
}

/** The confirmations after which a coinbase may be spent. */
export const MATURITY = 100;

const STATUS: Readonly<Record<BlockView['status'], StatusWords>> = {
  found: { word: 'found', meaning: 'A share is a block; no node has said anything yet.', tone: 'new', steps: 0 },
  submitted: { word: 'submitted', meaning: 'On its way to the nodes.', tone: 'new', steps: 0 },
  accepted: { word: 'accepted', meaning: 'A node has taken it.', tone: 'good', steps: 1 },
  confirmed: { word: 'confirmed', meaning: 'It is in the best chain.', tone: 'good', steps: 2 },
  matured: { word: 'matured', meaning: 'It has its confirmations: what it pays can be spent.', tone: 'good', steps: 3 },
  orphaned: { word: 'orphaned', meaning: 'Another block stands in its place: it pays nothing.', tone: 'bad', steps: 0 },
  rejected: { word: 'rejected', meaning: 'No node has taken it.', tone: 'bad', steps: 0 },
};

/** A status in words. */
export function statusWords(status: BlockView['status']): StatusWords {
  return STATUS[status];
}

const PATHS: Readonly<Record<string, string>> = {
  'pool-template': 'pool’s template',
  'declared-full-template': 'declared by the miner',
  'coinbase-only': 'declared, coinbase only',
  solo: 'solo',
  'v1-pool': 'a V1 pool’s job',
  upstream: 'the upstream’s job',
};

/** Whose template a block is of. What is not known is told as it came. */
export function pathWords(path: string | undefined): string | undefined {
  return path === undefined ? undefined : (PATHS[path] ?? path);
}

const WAYS: Readonly<Record<string, string>> = {
  'sv2-standard': 'SV2 standard',
  'sv2-extended': 'SV2 extended',
  'sv2-on-v1': 'SV2 on V1',
  standard: 'SV2 standard',
  extended: 'SV2 extended',
  v1: 'Stratum V1',
  sv1: 'Stratum V1',
};

/** The kind of channel that a block was found on. */
export function viaWords(via: string | undefined): string | undefined {
  return via === undefined ? undefined : (WAYS[via] ?? via);
}

/** Who found it: the account and its worker, as far as they are told. */
export function finder({ user, worker }: Pick<BlockView, 'user' | 'worker'>): string | undefined {
  if (user === undefined || user === '') return worker === '' ? undefined : worker;
  if (worker === undefined || worker === '' || worker === user) return user;
  return worker.startsWith(`${user}.`) ? worker : `${user}.${worker}`;
}
