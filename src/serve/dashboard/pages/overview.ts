/** The first look: is it running, how far is it, and what became of the records. */
import { html } from 'hono/html';
import type { PartitionReport } from '../../metrics.ts';
import { lineChart } from '../charts/line-chart.ts';
import { barList } from '../charts/bar-list.ts';
import { numberIn, textIn } from '../dataset.ts';
import {
  TOTALS,
  EVENTS_BY_DAY,
  WATERMARKS,
  SOURCES,
  OUTCOMES,
  REFRESHES,
} from '../datasets/overview.ts';
import type { Markup } from '../markup.ts';
import { when } from '../markup.ts';
import { age, exact, longDay, moment, short, shortDay } from '../numbers.ts';
import type { Page, ProcessState } from '../page.ts';
import { table } from '../table.ts';
import type { ThroughputSample } from '../throughput.ts';
import { bars } from '../time-figure.ts';

export const overview: Page = {
  path: '/',
  title: 'Overview',
  intro: 'Whether events flow, how far they are processed, and what became of each record.',
  filledBy: 'Send events to Kafka, or take a file in with npx tidemark ingest.',
  tiles: {
    dataset: TOTALS,
    of: (row, process) => [
      { label: 'lag', ...lagOf(process), column: 'lag' },
      {
        label: 'settled before',
        value: dayOf(textIn(row, 'settled_before'), shortDay),
        note: 'tidemark of app events',
        column: 'settled_before',
      },
      {
        label: 'newest day',
        value: dayOf(textIn(row, 'last_day'), shortDay),
        note: 'of the watermark',
        column: 'last_day',
      },
      {
        label: 'accepted',
        value: exact(numberIn(row, 'accepted')),
        note: `of ${exact(numberIn(row, 'records'))} records`,
        column: 'accepted',
      },
      { label: 'users', value: exact(numberIn(row, 'users')), column: 'users' },
      {
        label: 'users in the red',
        value: exact(numberIn(row, 'users_in_the_red')),
        column: 'users_in_the_red',
        ...((numberIn(row, 'users_in_the_red') ?? 0) > 0 ? { tone: 'bad' as const } : {}),
      },
    ],
  },
  ofProcess: ({ partitions, throughput }) =>
    html`<div class="figures own">
      ${partitionFigure(partitions)} ${throughputFigure(throughput)}
    </div>`,
  figures: [
    {
      title: 'Accepted events by day',
      caption: 'By the day on which they happened. The last days still grow while events come in.',
      dataset: EVENTS_BY_DAY,
      ...bars('event_date', [{ column: 'total_daily_events', label: 'events', tone: 'blue' }]),
    },
    {
      title: 'What became of the records',
      caption: 'Every record that was read met exactly one outcome.',
      dataset: OUTCOMES,
      columns: ['outcome', 'records'],
      draw: (rows) => {
        const all = rows.reduce((sum, row) => sum + (numberIn(row, 'records') ?? 0), 0);
        return barList(
          ['outcome', 'records'],
          rows.map((row) => {
            const name = textIn(row, 'outcome');
            const value = numberIn(row, 'records') ?? 0;
            const share = all === 0 ? '' : `${exact((100 * value) / all)} % of all`;
            return { name, value, note: share, tone: name === 'accepted' ? 'teal' : 'amber' };
          }),
        );
      },
    },
    {
      title: 'Sources',
      caption: 'Partitions and files with the progress that is stored beside their data.',
      wide: true,
      dataset: SOURCES,
      columns: ['source', 'next_offset', 'watermark', 'duplicate', 'late', 'future', 'invalid'],
      draw: (rows) => {
        const all = numberIn(rows[0] ?? {}, 'sources') ?? rows.length;
        return html`${table(
          'sources',
          [
            { head: 'source', cell: (row) => textIn(row, 'source') },
            { head: 'stream', cell: (row) => textIn(row, 'stream') },
            { head: 'watermark', cell: (row) => timeOf(textIn(row, 'watermark')) },
            ...['accepted', 'duplicate', 'late', 'future', 'invalid', 'skipped'].map((column) => ({
              head: column,
              number: true,
              cell: (row: Readonly<Record<string, unknown>>) => exact(numberIn(row, column)),
            })),
          ],
          rows,
        )}${when(
          all > rows.length,
          () =>
            html`<p class="note">
              ${exact(rows.length)} of ${exact(all)} sources: partitions, then the files taken in
              last. npx tidemark status has all of them.
            </p>`,
        )}`;
      },
    },
    {
      title: 'Watermarks and tidemarks',
      caption: 'Days before the tidemark of a stream are settled.',
      dataset: WATERMARKS,
      columns: ['live_sources', 'last_day', 'settled_day', 'complete_before'],
      draw: (rows) =>
        table(
          'watermarks',
          [
            { head: 'stream', cell: (row) => textIn(row, 'stream') },
            { head: 'newest day', cell: (row) => dayOf(textIn(row, 'last_day')) },
            { head: 'settled before', cell: (row) => dayOf(textIn(row, 'complete_before')) },
            {
              head: 'live sources',
              number: true,
              cell: (row) => exact(numberIn(row, 'live_sources')),
            },
          ],
          rows,
        ),
    },
    {
      title: 'Stored tables',
      caption: 'When each was last known to be up to date; the oldest first.',
      dataset: REFRESHES,
      columns: ['mart', 'age_seconds', 'seconds', 'error'],
      draw: (rows) =>
        table(
          'stored tables',
          [
            {
              head: 'table',
              cell: (row) => {
                const error = textIn(row, 'error');
                return error === ''
                  ? textIn(row, 'mart')
                  : html`${textIn(row, 'mart')}<span class="note bad-text">${error}</span>`;
              },
            },
            { head: 'age', number: true, cell: (row) => age(numberIn(row, 'age_seconds')) },
            { head: 'took', number: true, cell: (row) => age(numberIn(row, 'seconds')) },
          ],
          rows,
        ),
    },
  ],
};

function lagOf({ partitions }: ProcessState): { value: string; note: string } {
  const lags = partitions.map(({ lagEvents }) => lagEvents);
  const known = lags.filter((lag) => lag !== null);
  if (known.length < lags.length || lags.length === 0) {
    return {
      value: 'not known',
      note: lags.length === 0 ? 'no partition is read here' : 'of every partition',
    };
  }
  const records = known.reduce((sum, lag) => sum + lag, 0);
  const oldest = Math.max(...partitions.map(({ lagSeconds }) => lagSeconds ?? 0));
  return {
    value: records === 0 ? 'none' : `${short(records)} records`,
    note: records === 0 ? 'everything is stored' : `the oldest waits for ${age(oldest)}`,
  };
}

function partitionFigure(partitions: readonly PartitionReport[]): Markup {
  const sorted = [...partitions].sort(
    (a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition,
  );
  const rows = sorted.map((report) => ({ ...report }));
  return html`<section class="figure">
    <h2>Partitions of this process</h2>
    ${
      rows.length === 0
        ? html`<p class="nothing">No partition is assigned to this process yet.</p>`
        : table(
            'partitions',
            [
              {
                head: 'partition',
                cell: (row) => `${textIn(row, 'topic')}/${textIn(row, 'partition')}`,
              },
              {
                head: 'stored up to',
                number: true,
                cell: (row) => exact(numberIn(row, 'committed')),
              },
              {
                head: 'lag, records',
                number: true,
                cell: (row) => exact(numberIn(row, 'lagEvents')),
              },
              { head: 'lag, age', number: true, cell: (row) => age(numberIn(row, 'lagSeconds')) },
              {
                head: 'watermark, UTC',
                cell: (row) => {
                  const seconds = numberIn(row, 'watermark');
                  return seconds === null ? 'none' : inTwo(new Date(1000 * seconds));
                },
              },
            ],
            rows,
          )
    }
  </section>`;
}

/** Day and time: one below the other where there is little room. */
function inTwo(at: Date): Markup {
  const [day, time] = moment(at).split(' ');
  return html`<span class="whole">${day}</span> <span class="whole">${time}</span>`;
}

function throughputFigure(samples: readonly ThroughputSample[]): Markup {
  const slots = samples.map(({ at }) => ({ name: moment(new Date(at)), live: false }));
  const every = Math.max(1, Math.ceil(samples.length / 4));
  const toTheSecond = samples.length < 30;
  return html`<section class="figure">
    <h2>Throughput</h2>
    <p class="note">Records per second that this process has stored, in the last hour.</p>
    ${
      samples.length < 2
        ? html`<p class="nothing">Known after the first 20 seconds.</p>`
        : lineChart({
            label: `Records stored per second; now ${exact(samples.at(-1)!.perSecond)}`,
            axis: {
              slots,
              ticks: samples.flatMap(({ at }, index) =>
                index % every === 0
                  ? [
                      {
                        at: (index + 0.5) / samples.length,
                        label: new Date(at).toISOString().slice(11, toTheSecond ? 19 : 16),
                      },
                    ]
                  : [],
              ),
            },
            series: [
              {
                label: 'records/s',
                tone: 'teal',
                values: samples.map(({ perSecond }) => perSecond),
              },
            ],
          })
    }
  </section>`;
}

function dayOf(day: string, written = longDay): string {
  // The first of 1970 is what the largest of no days is.
  return day === '' || day === '1970-01-01' ? 'none yet' : written(day);
}

function timeOf(time: string): string {
  return time === '' ? 'none' : moment(new Date(time));
}
