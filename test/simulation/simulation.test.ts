import { expect, test } from 'vitest';
import { simulate } from './scenario.ts';

/** Seeds that are the same at every run, and some that have never been tried. */
const KNOWN = 200;
const NEW = 100;

const again = (seed: number): string => `npm run simulate -- --seed ${seed} --runs 1 --verbose`;

async function expectModelState(first: number, runs: number): Promise<void> {
  for (let seed = first; seed < first + runs; seed++) {
    const { failure } = await simulate(seed, () => {});
    expect(failure, `seed ${seed}; again: ${again(seed)}`).toBeUndefined();
  }
}

test(`whatever fails on the way, the final state is the model's (seeds 1 to ${KNOWN})`, async () => {
  await expectModelState(1, KNOWN);
}, 600_000);

const fresh = 1_000_000 + (Number(process.env['SEED'] ?? 0) % 1_000_000_000);

test(`and so with seeds that nobody has tried (${NEW} from ${fresh})`, async () => {
  await expectModelState(fresh, NEW);
}, 600_000);

test('a seed is one history, step by step', async () => {
  const [first, second]: [string[], string[]] = [[], []];
  await simulate(7, (line) => first.push(line));
  await simulate(7, (line) => second.push(line));
  expect(second).toEqual(first);
  expect(first.length).toBeGreaterThan(100);
});
