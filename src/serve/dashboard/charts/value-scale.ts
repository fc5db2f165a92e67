/** In: values. Out: a vertical scale that holds them, zero and the guides, with round ticks. */
import { scaleLinear } from 'd3-scale';
import { short } from '../numbers.ts';
import { HEIGHT } from './chart-frame.ts';
import type { Tick } from './slots.ts';

export interface ValueScale {
  /** Pixels from the top. */
  y(value: number): number;
  readonly ticks: readonly Tick[];
}

const TICKS = 4;

/** Without values it goes from 0 to 1. Nulls are nothing. */
export function valueScale(values: Iterable<number | null>, unit = ''): ValueScale {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = scaleLinear([low, low === high ? low + 1 : high], [0, 1]).nice(TICKS);
  return {
    y: (value) => HEIGHT * (1 - scale(value)),
    ticks: scale.ticks(TICKS).map((tick) => ({ at: scale(tick), label: `${short(tick)}${unit}` })),
  };
}
