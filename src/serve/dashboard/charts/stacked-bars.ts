/** In: series of values over places. Out: a stacked bar at each place, and below zero what goes there. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { exact } from '../numbers.ts';
import { chartFrame, round, WIDTH } from './chart-frame.ts';
import type { Series } from './line-chart.ts';
import type { SlotAxis } from './slots.ts';
import { valueScale } from './value-scale.ts';

export interface BarSeries extends Series {
  /** Its values are drawn downwards from zero. */
  readonly below?: boolean | undefined;
}

export interface StackedBarsOptions {
  readonly label: string;
  readonly axis: SlotAxis;
  /** The first one lies next to zero. */
  readonly series: readonly BarSeries[];
}

/** More places than these stand side by side without gaps. */
const GAPS_UP_TO = 120;

export function stackedBars({ label, axis, series }: StackedBarsOptions): Markup {
  const { slots, ticks } = axis;
  const spans = stacked(series, slots.length);
  const scale = valueScale(spans.flatMap((each) => each.flatMap(({ from, to }) => [from, to])));
  const step = WIDTH / Math.max(1, slots.length);
  const gap = slots.length > GAPS_UP_TO ? 0 : step * 0.18;
  const bars = (of: readonly Span[], live: boolean): string =>
    of
      .map(({ from, to }, index) => {
        if (from === to || slots[index]?.live !== live) return '';
        const [top, bottom] = [scale.y(Math.max(from, to)), scale.y(Math.min(from, to))];
        const wide = round(step - gap);
        return `M${round(index * step + gap / 2)} ${round(top)}h${wide}V${round(bottom)}h${-wide}z`;
      })
      .join('');
  return chartFrame({
    label,
    yTicks: scale.ticks,
    xTicks: ticks,
    slots,
    marks: [
      ...series.map(
        ({ tone }, index) =>
          html`<path class="area ${tone}" d="${bars(spans[index]!, false)}" /><path
              class="area live ${tone}"
              d="${bars(spans[index]!, true)}"
            />`,
      ),
      html`<path class="zero" d="M0 ${round(scale.y(0))}H${WIDTH}" />`,
    ],
    told: (index) => series.map((each) => `${each.label}\t${exact(each.values[index] ?? null)}`),
  });
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where each value begins and ends; per series, one span per place. */
function stacked(series: readonly BarSeries[], places: number): readonly (readonly Span[])[] {
  const above = new Array<number>(places).fill(0);
  const below = new Array<number>(places).fill(0);
  return series.map(({ values, below: downwards = false }) =>
    above.map((_, index) => {
      const value = values[index] ?? 0;
      // A value below zero goes down, whatever its series does.
      const down = downwards !== value < 0;
      const ends = down ? below : above;
      const from = ends[index]!;
      const to = from + (down ? -Math.abs(value) : Math.abs(value));
      ends[index] = to;
      return { from, to };
    }),
  );
}
