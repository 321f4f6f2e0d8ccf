import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig } from 'vitest/config';

const members = globSync('{packages,apps,tools}/*/package.json', { cwd: import.meta.dirname })
  .map(dirname)
  .sort();

export default defineConfig({
  test: {
    projects: members.map((root) => ({
      // Generous, because tests assert no time: a limit here only ends a test that hangs.
      test: { name: root, root, testTimeout: 120_000, hookTimeout: 120_000 },
    })),
    reporters: ['default', './tools/plain-reporter.ts'],
    coverage: { provider: 'v8', include: ['{packages,apps}/*/src/**/*.ts'], reporter: ['text-summary'] },
  },
});
