import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sv2kit } from '../src/index.ts';

/** What a call of the command printed, and its exit code. */
export interface Result {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export const NOW_MS = Date.UTC(2026, 7, 20, 12);

/** Calls the command as a shell would. */
export async function call(argv: readonly string[], input: Uint8Array | string = ''): Promise<Result> {
  const result = { code: 0, out: '', error: '' };
  result.code = await sv2kit(argv, {
    out: (text) => void (result.out += text),
    error: (text) => void (result.error += text),
    input: () => (typeof input === 'string' ? new TextEncoder().encode(input) : input),
    now: () => NOW_MS,
  });
  return result;
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'sv2kit-command-'));
}
