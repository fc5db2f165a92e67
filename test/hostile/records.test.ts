/** Whatever is in a topic: nothing breaks, and every record ends as exactly one outcome. */
import { expect, test } from 'vitest';
import { seed } from '../support/seed.ts';
import { fuzzRecords } from './fuzz-records.ts';

test('hostile records end as one outcome each, and those that are refused as one letter and one row', async () => {
  const { records, outcomes, rows, letters } = await fuzzRecords(seed, 30_000);
  const { accepted = 0, duplicate = 0, late = 0, future = 0, invalid = 0 } = outcomes;
  expect(accepted + duplicate + late + future + invalid).toBe(records);
  expect(rows['events_rows']).toBe(accepted);
  expect(rows['late_events_rows'] ?? 0).toBe(late);
  expect(rows['rejected_events_rows']).toBe(future + invalid);
  expect(letters).toBe(future + invalid);
  expect(accepted).toBeGreaterThan(records / 5);
  expect(invalid).toBeGreaterThan(records / 5);
}, 60_000);
