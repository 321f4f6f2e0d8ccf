import { defineConfig } from 'vitest/config';

/** Scenarios wait for real programs: they take seconds, and each wait has a deadline of its own. */
export default defineConfig({ test: { testTimeout: 90_000, hookTimeout: 120_000 } });
