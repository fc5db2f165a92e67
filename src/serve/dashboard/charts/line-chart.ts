/** In: series of values over places. Out: a line for each; NULL is a gap, what is live is dashed. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { exact, percent } from '../numbers.ts';
import { chartFrame, round, WIDTH } from './chart-frame.ts';
import type { SlotAxis } from './slots.ts';
import { valueScale } from './value-scale.ts';

/** Named colours of the stylesheet. */
export type Tone = 'blue' | 'teal' | 'amber' | 'red' | 'violet' | 'grey';

export interface Series {
  readonly label: string;
  readonly tone: Tone;
  /** One per place. */
  readonly values: readonly (number | null)[];
}

export interface LineChartOptions {
  readonly label: string;
  readonly axis: SlotAxis;
  readonly series: readonly Series[];
  readonly unit?: 'percent' | undefined;
  /** A value to compare with. */
  readonly guide?: number | undefined;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly live: boolean;
}

export function lineChart({ label, axis, series, unit, guide }: LineChartOptions): Markup {
  const { slots, ticks } = axis;
  const values = series.flatMap((each) => each.values);
  const scale = valueScale([...values, guide ?? null], unit === 'percent' ? '%' : '');
  const written = unit === 'percent' ? percent : exact;
  const pointsOf = (each: Series): (Point | null)[] =>
    slots.map(({ live }, index) => {
      const value = each.values[index] ?? null;
      const x = ((index + 0.5) * WIDTH) / slots.length;
      return value === null ? null : { x, y: scale.y(value), live };
    });
  return chartFrame({
    label,
    yTicks: scale.ticks,
    xTicks: ticks,
    slots,
    marks: series.map((each) => {
      const points = pointsOf(each);
      return html`<path class="line ${each.tone}" d="${path(points, false)}" /><path
          class="line live ${each.tone}"
          d="${path(points, true)}"
        />`;
    }),
    guides: guide === undefined ? [] : [scale.y(guide)],
    told: (index) => series.map((each) => `${each.label}\t${written(each.values[index] ?? null)}`),
  });
}

/** The steps to the points that are live, or those that are not; what stands alone becomes a dot. */
function path(points: readonly (Point | null)[], live: boolean): string {
  let text = '';
  let pen: Point | null = null;
  for (const [index, point] of points.entries()) {
    const before = points[index - 1] ?? null;
    if (point === null || point.live !== live) continue;
    if (before === null || pen !== before) {
      const from = before ?? point;
      text += `M${round(from.x)} ${round(from.y)}`;
      if (before === null) text += 'h0';
    }
    if (before !== null) text += `L${round(point.x)} ${round(point.y)}`;
    pen = point;
  }
  return text;
}
