// What apps/translator/transcripts/README.md says of the files there, as types, and the check that a file keeps to it.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What one firmware family says, and has to hear. */
interface TranscriptFile {
  readonly family: string;
  readonly about: string;
  /** Where the facts come from: repository and file, or thread. */
  readonly source: readonly string[];
  /** What no source says. */
  readonly assumed?: readonly string[];
  /** How objects in `send` become text: `{"id":1}` or `{"id": 1}`; compact when absent. */
  readonly style?: 'compact' | 'spaced';
  readonly transcripts: readonly Transcript[];
}

export interface Transcript {
  readonly name: string;
  /** Both when absent. */
  readonly modes?: readonly Mode[];
  /** Settings of the translator beside those of every transcript, as its TOML file names them. */
  readonly translator?: { readonly [key: string]: Json };
  /** `user_identity` of the upstream; none when absent. */
  readonly account?: string;
  readonly pool?: PoolWish;
  readonly steps: readonly Step[];
}

/** One channel for each miner, or one for all. */
export type Mode = 'separate' | 'aggregated';

interface PoolWish {
  /** Of every channel; 2^-24 when absent, so that shares are found in no time. */
  readonly difficulty?: number;
  /** Version of the headers, in hex. */
  readonly version?: string;
  /** Identities that the pool does not know. */
  readonly refuses?: readonly string[];
}

/** One thing that happens; `peer` names the connection, `miner` when absent. */
export type Step = { readonly peer?: string; readonly note?: string } & Action;

type Action =
  | { readonly send: readonly Json[]; readonly newline?: string; readonly cut?: Cut }
  | { readonly expect: readonly Expected[] }
  | { readonly expectEach: readonly (readonly Expected[])[] }
  | { readonly firstRead: { readonly within: number; readonly has: readonly string[] } }
  | { readonly quiet: true }
  | { readonly mine: MineWish }
  | { readonly advance: number }
  | { readonly pool: 'new-tip' | 'new-template' | 'away' | 'back' }
  | { readonly reached: Reached }
  | { readonly closed: true };

/** How bytes leave: a write for each line, one for all, one for each byte, or cut at these places. */
export type Cut = 'lines' | 'together' | 'bytes' | readonly number[];

export type Expected =
  | { readonly answer: Json; readonly result: Json }
  | { readonly refused: Json; readonly code: number }
  | { readonly subscription: Json; readonly extranonce2Size: number }
  | { readonly difficulty: 'upstream' | number | { readonly atLeast?: number; readonly atMost?: number } }
  | { readonly mask: string }
  | { readonly job: { readonly clean?: boolean; readonly version?: string } }
  | { readonly request: Json }
  | { readonly line: string };

/** What has arrived at the pool. */
export interface Reached {
  /** Accepted shares. */
  readonly shares?: number;
  /** Of the channels, where each miner has its own. */
  readonly identities?: readonly string[];
  /** Behind the shares (extension 0x0002). */
  readonly workers?: readonly string[];
}

export interface MineWish {
  /** The latest when absent; numbers count from the first. */
  readonly job?: number;
  /** Bits that the header's version has otherwise than the job's, in hex. */
  readonly roll?: string;
  /** The last one announced when absent. */
  readonly difficulty?: number;
  /** A hash that misses the difficulty. */
  readonly miss?: true;
  /** Seconds that the header's time is ahead of the job's. */
  readonly ahead?: number;
}

const ACTIONS = ['send', 'expect', 'expectEach', 'firstRead', 'quiet', 'mine', 'advance', 'pool', 'reached', 'closed'];
const EXPECTATIONS = ['answer', 'refused', 'subscription', 'difficulty', 'mask', 'job', 'request', 'line'];
const FILE_KEYS = ['family', 'about', 'source', 'assumed', 'style', 'transcripts'];
const TRANSCRIPT_KEYS = ['name', 'modes', 'translator', 'account', 'pool', 'steps'];
const FOLDER = join(import.meta.dirname, '..', 'transcripts');

/** The whole corpus. @throws Error naming the file and place of what does not keep to the format */
export function readTranscripts(): TranscriptFile[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readTranscriptFile(basename(name), readFileSync(join(FOLDER, name), 'utf8')));
}

function readTranscriptFile(name: string, text: string): TranscriptFile {
  const file = JSON.parse(text) as TranscriptFile;
  onlyKeys(name, file, FILE_KEYS);
  for (const key of ['family', 'about', 'source', 'transcripts'] as const) {
    if (file[key] === undefined || file[key].length === 0) throw new Error(`${name}: ${key} is missing`);
  }
  for (const transcript of file.transcripts) {
    const place = `${name}, "${transcript.name}"`;
    onlyKeys(place, transcript, TRANSCRIPT_KEYS);
    for (const [index, step] of transcript.steps.entries()) checkStep(`${place}, step ${index + 1}`, step);
  }
  return file;
}

function checkStep(place: string, step: Step): void {
  const { peer: _, note: __, newline: ___, cut: ____, ...rest } = step as Record<string, unknown>;
  const [action, ...others] = Object.keys(rest);
  if (action === undefined || others.length > 0 || !ACTIONS.includes(action)) {
    throw new Error(`${place}: has to have exactly one of ${ACTIONS.join(', ')}`);
  }
  const expected = 'expect' in step ? step.expect : 'expectEach' in step ? step.expectEach.flat() : [];
  for (const each of expected) {
    if (!EXPECTATIONS.includes(Object.keys(each)[0] ?? '')) {
      throw new Error(`${place}: ${JSON.stringify(each)} begins with none of ${EXPECTATIONS.join(', ')}`);
    }
  }
}

function onlyKeys(place: string, value: object, keys: readonly string[]): void {
  const surplus = Object.keys(value).filter((key) => !keys.includes(key));
  if (surplus.length > 0) throw new Error(`${place}: unknown key ${surplus.join(', ')}`);
}
