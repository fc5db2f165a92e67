import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Every random choice of a test follows from this number; SEED=N repeats a run. */
const seed = (process.env['SEED'] ??= String(randomInt(2 ** 31)));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // What is loaded, started and made ready for one file serves the next: tests leave nothing behind.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    env: { SEED: seed },
    globalSetup: [
      'test/support/announce-seed.ts',
      'test/support/comparison-table.ts',
      'test/support/one-clickhouse.ts',
      'test/support/built-package.ts',
      'test/support/kafkajs-copy.ts',
    ],
    setupFiles: ['test/support/seed.ts'],
    sequence: { seed: Number(seed), sequencer: LongestFirst },
  },
});
