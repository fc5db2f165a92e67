/** In: columns of a dataset with one row per day or month. Out: how a figure draws them, with their legend. */
import { lineChart } from './charts/line-chart.ts';
import type { LineChartOptions, Tone } from './charts/line-chart.ts';
import { dayAxis, monthAxis } from './charts/slots.ts';
import type { SlotAxis } from './charts/slots.ts';
import { stackedBars } from './charts/stacked-bars.ts';
import type { Row } from './dataset.ts';
import { isSettled, numberIn, textIn } from './dataset.ts';
import type { Figure } from './figure.ts';

export interface DrawnColumn {
  readonly column: string;
  readonly label: string;
  readonly tone: Tone;
  /** Drawn downwards from zero; for bars alone. */
  readonly below?: boolean;
}

type Drawing = Pick<Figure, 'columns' | 'legend' | 'draw'>;

/** The column `time` holds the day or the first day of the month. */
export function lines(
  time: 'event_date' | 'activity_month',
  columns: readonly DrawnColumn[],
  options: Pick<LineChartOptions, 'unit' | 'guide'> = {},
): Drawing {
  return {
    columns: columns.map(({ column }) => column),
    legend: columns,
    draw: (rows) =>
      lineChart({
        label: labelOf('Lines', columns, rows),
        axis: axisOf(time, rows),
        series: columns.map((each) => ({ ...each, values: valuesOf(each, rows) })),
        ...options,
      }),
  };
}

export function bars(
  time: 'event_date' | 'activity_month',
  columns: readonly DrawnColumn[],
): Drawing {
  return {
    columns: columns.map(({ column }) => column),
    legend: columns,
    draw: (rows) =>
      stackedBars({
        label: labelOf('Stacked bars', columns, rows),
        axis: axisOf(time, rows),
        series: columns.map((each) => ({ ...each, values: valuesOf(each, rows) })),
      }),
  };
}

function axisOf(time: 'event_date' | 'activity_month', rows: readonly Row[]): SlotAxis {
  const periods = rows.map((row) => ({ day: textIn(row, time), live: !isSettled(row) }));
  return time === 'event_date' ? dayAxis(periods) : monthAxis(periods);
}

function valuesOf({ column }: DrawnColumn, rows: readonly Row[]): (number | null)[] {
  return rows.map((row) => numberIn(row, column));
}

function labelOf(kind: string, columns: readonly DrawnColumn[], rows: readonly Row[]): string {
  const last = rows.at(-1);
  const values = columns.map(({ column, label }) => {
    const value = last === undefined ? null : numberIn(last, column);
    return `${label} ${value ?? 'unknown'}`;
  });
  return `${kind} over ${rows.length} periods; in the last one: ${values.join(', ')}`;
}
