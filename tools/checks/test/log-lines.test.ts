import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { membersOf, root, sourcesOf } from '../src/index.ts';

/** A call that writes a log line, and what it says. */
const LOG_CALL = /\blog\.(?:debug|info|warn|error)\(\s*('[^'\n]*'|"[^"\n]*"|[^\s,)]+)/g;
/** A sentence, or the sentence that a forwarding function was given. */
const CONSTANT = /^(?:'[^']*'|"[^"]*"|message)$/;

const calls = membersOf('packages', 'apps')
  .flatMap(sourcesOf)
  .flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(LOG_CALL)].map(([, text = '']) => ({ file, text })),
  );

test('every log line has a constant text: what varies is in its fields', () => {
  expect(calls.length).toBeGreaterThan(100);
  const varying = calls.filter(({ text }) => !CONSTANT.test(text));
  expect(varying.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});
