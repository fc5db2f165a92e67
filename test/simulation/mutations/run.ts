/**
 * All planted bugs as a command: `run.ts [--seed N] [--jobs N] [--only TEXT]`. Out: for each the seeds
 * that it took to find it, and exit status 1 when one was not found.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { mutations } from './catalogue.ts';
import { tryMutation } from './try-mutation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    only: { type: 'string', default: '' },
  },
});

const queue = new PQueue({ concurrency: Number(values.jobs) });
const wanted = mutations.filter(({ name }) => name.includes(values.only));
await queue.addAll(
  wanted.map((mutation) => async () => {
    const found = await tryMutation(mutation, Number(values.seed)).catch((error: unknown) => {
      return { seeds: null, how: String((error as Error).stack) };
    });
    if (found.seeds === null) process.exitCode = 1;
    console.log(`${found.seeds ?? 'NOT FOUND'}\t${mutation.name}\t${found.how}`);
  }),
);
