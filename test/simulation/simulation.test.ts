import { expect, test } from 'vitest';
import { simulate } from './scenario.ts';

/** `SIMULATION_SEED` and `SIMULATION_RUNS` choose others; the seeds are the same at every run otherwise. */
const first = Number(process.env['SIMULATION_SEED'] ?? 1);
const runs = Number(process.env['SIMULATION_RUNS'] ?? 1000);

test(`whatever fails on the way, the final state is the model's (seeds ${first} to ${first + runs - 1})`, async () => {
  for (let seed = first; seed < first + runs; seed++) {
    const { failure } = await simulate(seed, () => {});
    const again = `npm run simulate -- --seed ${seed} --runs 1 --verbose`;
    expect(failure, `seed ${seed}; again: ${again}`).toBeUndefined();
  }
}, 600_000);
