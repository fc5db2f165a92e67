/** In: numbers of things by equally wide bins of a value. Out: their bars; bins below zero are marked. */
import { scaleLinear } from 'd3-scale';
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { exact, short } from '../numbers.ts';
import { chartFrame, round, WIDTH } from './chart-frame.ts';
import { valueScale } from './value-scale.ts';

export interface Bin {
  readonly from: number;
  readonly count: number;
}

export interface HistogramOptions {
  readonly label: string;
  /** What is counted. */
  readonly counted: string;
  /** Ascending by `from`; bins without anything may be missing. */
  readonly bins: readonly Bin[];
  /** Of every bin, above 0. */
  readonly width: number;
}

export function histogram({ label, counted, bins, width }: HistogramOptions): Markup {
  const [low, high] = [bins[0]?.from ?? 0, (bins.at(-1)?.from ?? 0) + width];
  const places = Math.max(1, Math.round((high - low) / width));
  const counts = new Array<number>(places).fill(0);
  for (const { from, count } of bins) counts[Math.round((from - low) / width)] = count;
  const scale = valueScale(counts);
  const step = WIDTH / places;
  const startOf = (index: number): number => low + index * width;
  const bars = (negative: boolean): string =>
    counts
      .map((count, index) => {
        if (count === 0 || startOf(index) < 0 !== negative) return '';
        const y = round(scale.y(count));
        return `M${round(index * step + step * 0.05)} ${y}h${round(step * 0.9)}V${round(scale.y(0))}h${round(-step * 0.9)}z`;
      })
      .join('');
  return chartFrame({
    label,
    yTicks: scale.ticks,
    xTicks: scaleLinear([low, high], [0, 1])
      .ticks(5)
      .map((tick) => ({ at: (tick - low) / (high - low), label: short(tick) })),
    slots: counts.map((_, index) => ({
      name: `${exact(startOf(index))} to below ${exact(startOf(index + 1))}`,
      live: false,
    })),
    marks: [
      html`<path class="area blue" d="${bars(false)}" /><path
          class="area red"
          d="${bars(true)}"
        />`,
      html`<path class="zero" d="M0 ${round(scale.y(0))}H${WIDTH}" />`,
    ],
    told: (index) => [`${counted}\t${exact(counts[index] ?? 0)}`],
  });
}
