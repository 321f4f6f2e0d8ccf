import { readFileSync } from 'node:fs';

/** Where a command reads and writes: a seam for tests. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /** What went wrong. */
  error(text: string): void;
  /** All of standard input. */
  input(): Uint8Array;
  /** Unix milliseconds. */
  now(): number;
}

/** The process's own. */
export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  input: () => readFileSync(0),
  now: () => Date.now(),
};
