/** Whatever a file holds: it is read as far as it goes, or refused in words. */
import { expect, test } from 'vitest';
import { seed } from '../support/seed.ts';
import { fuzzFiles } from './fuzz-files.ts';

test('a hostile file is read as far as it goes, or refused in words', async () => {
  const { rows, refused, files, peakMib } = await fuzzFiles(seed, 150);
  expect(rows).toBeGreaterThan(files * 5);
  expect(refused).toBeGreaterThan(files / 10);
  expect(refused).toBeLessThan((files * 3) / 4);
  expect(peakMib).toBeLessThan(1_000);
}, 60_000);
