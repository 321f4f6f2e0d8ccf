// The same scenarios on a node that is spoken to in several ways.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_IPC_NODE } from '@sv2kit/bitcoind';
import { describe } from 'vitest';
import { type BackEnd, canUse } from '../src/index.ts';

/** Skipped, with one line for the whole run, where a node of that kind is not found. */
export function over(backEnds: readonly BackEnd[], scenarios: (backEnd: BackEnd) => void): void {
  for (const backEnd of backEnds) {
    if (!canUse(backEnd)) sayOnce(`scenarios over IPC are skipped: ${NO_IPC_NODE}`);
    describe.skipIf(!canUse(backEnd))(`over ${backEnd}`, () => scenarios(backEnd));
  }
}

/** Test files are processes of their own: the first that comes says it. */
function sayOnce(line: string): void {
  const folder = process.env['SV2KIT_TEST_FOLDER'];
  try {
    if (folder !== undefined) writeFileSync(join(folder, 'no-ipc-node'), '', { flag: 'wx' });
  } catch {
    return;
  }
  process.stdout.write(`${line}\n`);
}
