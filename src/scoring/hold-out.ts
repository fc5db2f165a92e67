/** In: targets and a seed. Out: which rows are held out, the same share of both classes. */
import type { FeatureTable, RowMask } from './feature-table.ts';

/** Rows to learn from are 1 in `training`; the others, `share` of each class, are 1 in `held`. */
export function holdOut(
  table: FeatureTable,
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly training: RowMask; readonly held: RowMask } {
  const { values, rows } = table;
  const stride = table.features.length + 1;
  const random = uniform(seed);
  const left = [0, 0];
  for (let row = 0; row < rows; row++) left[values[row * stride]!]!++;
  const wanted = left.map((count) => Math.round(count * share));
  const held = new Uint8Array(rows);
  const training = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const target = values[row * stride]!;
    // Each of the rows that are left is taken with the same chance, so that exactly `wanted` are.
    const take = random() * left[target]! < wanted[target]!;
    left[target]!--;
    if (take) wanted[target]!--;
    held[row] = take ? 1 : 0;
    training[row] = take ? 0 : 1;
  }
  return { training, held };
}

/** From 0 to 1, by mulberry32 of Tommy Ettinger. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
