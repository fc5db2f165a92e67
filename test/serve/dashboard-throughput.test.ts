import { expect, test } from 'vitest';
import { Throughput } from '../../src/serve/dashboard/throughput.ts';

test('counts what was stored between two looks, of partitions that were there at both', () => {
  let now = 1_000_000;
  const committed = new Map<number, number | null>([
    [0, 100],
    [1, null],
  ]);
  const partitions = () =>
    [...committed].map(([partition, offset]) => ({
      topic: 'app-events',
      partition,
      end: null,
      position: null,
      committed: offset,
      lastFetchAt: null,
    }));
  using throughput = new Throughput(partitions, () => now);
  const after = (seconds: number) => {
    now += 1000 * seconds;
    throughput.sample();
    return throughput.samples().at(-1)?.perSecond;
  };
  expect(throughput.samples()).toEqual([]);
  committed.set(0, 600);
  committed.set(1, 5_000);
  expect(after(10)).toBe(50);
  committed.set(1, 6_000);
  expect(after(10)).toBe(100);
  // Rewound, or another log under that name.
  committed.set(1, 0);
  expect(after(10)).toBe(0);
  for (let n = 0; n < 400; n++) after(10);
  expect(throughput.samples()).toHaveLength(360);
});
