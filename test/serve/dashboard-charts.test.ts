import { describe, expect, test } from 'vitest';
import { agreement } from '../../src/serve/dashboard/charts/agreement.ts';
import { barList } from '../../src/serve/dashboard/charts/bar-list.ts';
import { heatMap } from '../../src/serve/dashboard/charts/heat-map.ts';
import { histogram } from '../../src/serve/dashboard/charts/histogram.ts';
import { intervals } from '../../src/serve/dashboard/charts/intervals.ts';
import { lineChart } from '../../src/serve/dashboard/charts/line-chart.ts';
import { dayAxis, monthAxis } from '../../src/serve/dashboard/charts/slots.ts';
import { stackedBars } from '../../src/serve/dashboard/charts/stacked-bars.ts';
import { valueScale } from '../../src/serve/dashboard/charts/value-scale.ts';
import type { Markup } from '../../src/serve/dashboard/markup.ts';
import { overview } from '../../src/serve/dashboard/pages/overview.ts';

const HOSTILE = `<script>"&'`;

/** Days from 2026-03-01 on; the last `live` ones are live. */
function days(count: number, live = 0) {
  return dayAxis(
    Array.from({ length: count }, (_, index) => ({
      day: new Date(Date.UTC(2026, 2, 1 + index)).toISOString().slice(0, 10),
      live: index >= count - live,
    })),
  );
}

async function written(chart: Markup): Promise<string> {
  return String(await chart);
}

/** The `d` of each path with this class. */
function paths(svg: string, classes: string): string[] {
  return [...svg.matchAll(/<path\s+class="([^"]*)"\s+d="([^"]*)"/g)]
    .filter(([, found]) => found === classes)
    .map(([, , d]) => d ?? '');
}

function line(values: readonly (number | null)[], live = 0): Promise<string> {
  return written(
    lineChart({
      label: 'a chart',
      axis: days(values.length, live),
      series: [{ label: 'users', tone: 'blue', values }],
    }),
  );
}

describe('a line', () => {
  test('has a gap where a value is NULL, and a dot where a value stands alone', async () => {
    const [path = ''] = paths(await line([0, 10, null, 5, null, 10, 0]), 'line blue');
    expect(path.match(/M/g)).toHaveLength(3);
    expect(path.match(/L/g)).toHaveLength(2);
    expect(path).toContain('M500 100h0');
  });

  test('of one point is a dot', async () => {
    expect(paths(await line([7]), 'line blue')).toEqual(['M500 25h0']);
  });

  test('goes on from the last settled day to the live ones, which are drawn apart', async () => {
    const svg = await line([10, 10, 0, 10], 2);
    expect(paths(svg, 'line blue')).toEqual(['M125 0h0L375 0']);
    expect(paths(svg, 'line live blue')).toEqual(['M375 0L625 200L875 0']);
    expect(svg.match(/\tlive/g)).toHaveLength(2);
    expect(svg).toContain('live-band');
  });

  test('of nothing is an empty chart', async () => {
    const svg = await line([]);
    expect(paths(svg, 'line blue')).toEqual(['']);
    expect(svg).not.toContain('NaN');
  });

  test('of NULL alone draws nothing and says that it is not known', async () => {
    const svg = await line([null, null]);
    expect(paths(svg, 'line blue')).toEqual(['']);
    expect(svg).toContain('users\t–');
  });
});

describe('stacked bars', () => {
  test('stand on each other, and what left hangs below zero', async () => {
    const svg = await written(
      stackedBars({
        label: 'a chart',
        axis: days(1),
        series: [
          { label: 'stayed', tone: 'blue', values: [60] },
          { label: 'new', tone: 'teal', values: [40] },
          { label: 'left', tone: 'red', values: [100], below: true },
        ],
      }),
    );
    // From 100 at the top to -100 at the bottom, 200 pixels high.
    expect(paths(svg, 'area blue')).toEqual(['M90 40h820V100h-820z']);
    expect(paths(svg, 'area teal')).toEqual(['M90 0h820V40h-820z']);
    expect(paths(svg, 'area red')).toEqual(['M90 100h820V200h-820z']);
    expect(svg).toContain('stayed\t60\nnew\t40\nleft\t100');
  });

  test('are light where they may still change, and NULL is no bar', async () => {
    const svg = await written(
      stackedBars({
        label: 'a chart',
        axis: days(2, 1),
        series: [{ label: 'new', tone: 'teal', values: [null, 4] }],
      }),
    );
    expect(paths(svg, 'area teal')).toEqual(['']);
    expect(paths(svg, 'area live teal')).toEqual(['M545 0h410V200h-410z']);
  });
});

describe('a heat map', () => {
  const cell = { row: 0, column: 0, share: 1, text: '100', told: ['all'], live: false };
  const map = (columns: number) =>
    written(
      heatMap({
        label: 'a map',
        rows: ['first'],
        columns: Array.from({ length: columns }, String),
        rowTitle: 'of',
        columnTitle: 'since',
        cells: [cell, { ...cell, column: 1, share: 0, text: '0', live: true }],
      }),
    );

  test('is darkest where all are, and marks what is live', async () => {
    const svg = await map(2);
    expect(svg).toContain('class="cell h9"');
    expect(svg).toContain('class="cell h0 live"');
  });

  test('is written into as long as there is room', async () => {
    expect(await map(14)).toMatch(/>\s*100\s*<\/text>/);
    expect(await map(15)).not.toMatch(/>\s*100\s*<\/text>/);
  });
});

test('a histogram marks what is below zero, and has room for bins without anything', async () => {
  const svg = await written(
    histogram({
      label: 'a histogram',
      counted: 'users',
      width: 10,
      bins: [
        { from: -10, count: 1 },
        { from: 20, count: 2 },
      ],
    }),
  );
  expect(paths(svg, 'area red')[0]).toMatch(/^M12\.5 100/);
  expect(paths(svg, 'area blue')[0]).toMatch(/^M762\.5 0/);
  expect(svg).toContain('0 to below 10\nusers\t0');
});

test('an interval that holds 1 is grey, others say on which side they are', async () => {
  const html = await written(
    intervals(
      ['feature', 'factor'],
      [
        { name: 'more', low: 1.1, value: 1.5, high: 2 },
        { name: 'less', low: 0.5, value: 0.6, high: 0.9 },
        { name: 'neither', low: 0.5, value: 1, high: 2 },
      ],
    ),
  );
  expect([...html.matchAll(/class="stroke (\w+)"/g)].map(([, tone]) => tone)).toEqual([
    'teal',
    'red',
    'grey',
  ]);
});

test('what is predicted and observed alike lies on the diagonal', async () => {
  const svg = await written(agreement('label', [{ name: 'a', predicted: 0.25, observed: 0.25 }]));
  expect(svg).toMatch(/cx="25%"\s+cy="165"/);
});

test('texts from outside are escaped in every chart', async () => {
  const axis = { slots: [{ name: HOSTILE, live: false }], ticks: [{ at: 0, label: HOSTILE }] };
  const series = [{ label: HOSTILE, tone: 'blue' as const, values: [1] }];
  const charts = await Promise.all(
    [
      lineChart({ label: HOSTILE, axis, series }),
      stackedBars({ label: HOSTILE, axis, series }),
      histogram({ label: HOSTILE, counted: HOSTILE, width: 1, bins: [{ from: 0, count: 1 }] }),
      heatMap({
        label: HOSTILE,
        rows: [HOSTILE],
        columns: [HOSTILE],
        rowTitle: HOSTILE,
        columnTitle: HOSTILE,
        cells: [{ row: 0, column: 0, share: 1, text: HOSTILE, told: [HOSTILE], live: false }],
      }),
      barList([HOSTILE, HOSTILE], [{ name: HOSTILE, note: HOSTILE, meaning: HOSTILE, value: 1 }]),
      intervals([HOSTILE, HOSTILE], [{ name: HOSTILE, low: 1, value: 1, high: 1 }]),
      agreement(HOSTILE, [{ name: HOSTILE, predicted: 0, observed: 0 }]),
    ].map(written),
  );
  for (const chart of charts) {
    expect(chart).toContain('&lt;script&gt;');
    expect(chart).not.toContain('<script>');
    expect(chart).not.toContain(`"&'`);
  }
});

test('a scale holds zero and every value, and has round ticks', () => {
  const { ticks, y } = valueScale([-3, 987, null, Number.NaN]);
  expect(ticks.map(({ label }) => label)).toEqual(['-200', '0', '200', '400', '600', '800', '1K']);
  expect(y(0)).toBeGreaterThan(y(987));
  expect(valueScale([]).ticks.length).toBeGreaterThan(1);
  expect(valueScale([0, 0]).y(0)).toBe(200);
});

test('days are labelled at round dates, months with the year once', () => {
  expect(days(30).ticks.length).toBeLessThanOrEqual(10);
  expect(days(1).ticks).toEqual([{ at: 0.5, label: 'Mar 1' }]);
  expect(days(120).ticks.map(({ label }) => label)).toEqual(['Mar 2026', 'Apr', 'May', 'Jun']);
  const months = ['2025-11-01', '2025-12-01', '2026-01-01'].map((day) => ({ day, live: false }));
  expect(monthAxis(months).ticks.map(({ label }) => label)).toEqual([
    'Nov 2025',
    'Dec',
    'Jan 2026',
  ]);
  expect(monthAxis([])).toEqual({ slots: [], ticks: [] });
});

test('of many sources the page says how many it leaves out, and where they are', async () => {
  const { draw } = overview.figures.find(({ title }) => title === 'Sources')!;
  const row = { source: 'file:a.csv', stream: 'order-lines', watermark: null, accepted: 1 };
  const sources = (all: number) => [row, row].map((each) => ({ ...each, sources: all }));
  expect(await written(draw(sources(2)))).not.toContain('tidemark status');
  expect(await written(draw(sources(309)))).toMatch(/2 of 309 sources[^]*npx tidemark status/);
});
