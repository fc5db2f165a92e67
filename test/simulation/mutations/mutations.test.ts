import { expect, test } from 'vitest';
import { Random } from '../random.ts';
import { mutations } from './catalogue.ts';
import { check, SEEDS, tryMutation } from './try-mutation.ts';

/** So many each time; `npm run simulate:mutations` tries them all. */
const TRIED = 2;

test.for(mutations)('the code is still where a bug can be planted: $name', async (mutation) => {
  await check(mutation);
});

const seed = Number(process.env['SEED'] ?? 0);
const drawn = new Random(seed, 'mutations').shuffle(mutations).slice(0, TRIED);

test.for(drawn)(
  `a planted bug is found within ${SEEDS} seeds: $name`,
  { timeout: 300_000 },
  async (mutation) => {
    const { seeds, how } = await tryMutation(mutation, 1);
    expect(seeds, how).not.toBeNull();
  },
);
