import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { NO_IPC_NODE } from './packages/bitcoind/src/index.ts';
import { NO_POSTGRES } from './packages/ledger/test/find-postgres.ts';

const members = globSync('{packages,apps,tools}/*/package.json', { cwd: import.meta.dirname })
  .map(dirname)
  .sort();

// Whatever tests leave in the system's folder for temporary files goes with this one. This file is read once for each
// member: a folder inside the last one's each time would make paths too long for what opens files by them.
if (process.env['SV2KIT_TEST_FOLDER'] === undefined) {
  const scratch = mkdtempSync(join(tmpdir(), 'sv2kit-test-'));
  process.env['SV2KIT_TEST_FOLDER'] = scratch;
  process.env['TMPDIR'] = scratch;
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
}

export default defineConfig({
  test: {
    projects: members.map((root) => ({
      // Generous, because tests assert no time: a limit here only ends a test that hangs.
      test: { name: root, root, testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } },
    })),
    reporters: ['default', './tools/plain-reporter.ts'],
    // Each file of such tests says it for itself; in a run of all of them the reporter does, once.
    onConsoleLog: (text) => !text.includes(NO_IPC_NODE) && !text.includes(NO_POSTGRES),
    coverage: { provider: 'v8', include: ['{packages,apps}/*/src/**/*.ts'], reporter: ['text-summary'] },
  },
});
