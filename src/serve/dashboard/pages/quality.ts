/** What was refused and why, what came late, and how fresh everything is. */
import { html } from 'hono/html';
import { barList } from '../charts/bar-list.ts';
import type { Row } from '../dataset.ts';
import { numberIn, textIn } from '../dataset.ts';
import {
  RATES,
  REASONS,
  REFUSED_BY_DAY,
  LATE,
  FRESHNESS,
  CHECKS,
  LINES,
} from '../datasets/quality.ts';
import type { Markup } from '../markup.ts';
import { age, exact, moment, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';
import { bars } from '../time-figure.ts';

export const quality: Page = {
  path: '/quality',
  title: 'Data quality',
  intro: 'What was refused and why, what came late, and how fresh everything is.',
  filledBy: 'There has been no such record.',
  tiles: {
    dataset: RATES,
    of: (row) => [
      {
        label: 'accepted',
        value: percent(numberIn(row, 'accepted_pct')),
        note: `of ${exact(numberIn(row, 'records'))} records`,
        column: 'accepted_pct',
      },
      {
        label: 'duplicates',
        value: percent(numberIn(row, 'duplicate_pct')),
        column: 'duplicate_pct',
      },
      { label: 'late', value: percent(numberIn(row, 'late_pct')), column: 'late_pct' },
      {
        label: 'refused',
        value: percent(numberIn(row, 'refused_pct')),
        note: 'invalid or from the future',
        column: 'refused_pct',
      },
      {
        label: 'skipped',
        value: exact(numberIn(row, 'skipped')),
        column: 'skipped',
        ...((numberIn(row, 'skipped') ?? 0) > 0 ? { tone: 'bad' as const } : {}),
      },
    ],
  },
  figures: [
    {
      title: 'Why records were refused',
      caption: 'By reason. npx tidemark dead-letters shows them and sends them again.',
      dataset: REASONS,
      columns: ['outcome', 'reason', 'records', 'replayed'],
      draw: (rows) =>
        barList(
          ['reason', 'records'],
          rows.map((row) => {
            const replayed = numberIn(row, 'replayed') ?? 0;
            return {
              name: textIn(row, 'reason'),
              meaning: `${textIn(row, 'outcome')}, in ${textIn(row, 'stream')}`,
              note: replayed > 0 ? `${exact(replayed)} sent again` : undefined,
              value: numberIn(row, 'records') ?? 0,
              tone: textIn(row, 'outcome') === 'future' ? ('violet' as const) : ('amber' as const),
            };
          }),
        ),
    },
    {
      title: 'How late events were',
      caption: 'Days behind the watermark. npx tidemark reprocess --late applies them.',
      dataset: LATE,
      columns: ['days_late', 'events', 'applied'],
      draw: (rows) =>
        barList(
          ['days late', 'events'],
          rows.map((row) => ({
            name: `${textIn(row, 'days_late')} days`,
            note: `${exact(numberIn(row, 'applied'))} applied`,
            value: numberIn(row, 'events') ?? 0,
          })),
        ),
    },
    {
      title: 'Refused by day',
      caption: 'By the day on which they were refused.',
      dataset: REFUSED_BY_DAY,
      ...bars('event_date', [
        { column: 'invalid', label: 'invalid', tone: 'amber' },
        { column: 'future', label: 'from the future', tone: 'violet' },
      ]),
    },
    {
      title: 'Order lines by kind',
      caption: 'Only sales count for customers; every line is kept.',
      dataset: LINES,
      columns: ['line_kind', 'lines'],
      draw: (rows) =>
        barList(
          ['kind', 'lines'],
          rows.map((row) => ({
            name: textIn(row, 'line_kind').replaceAll('_', ' '),
            value: numberIn(row, 'lines') ?? 0,
            tone: textIn(row, 'line_kind') === 'sale' ? ('teal' as const) : ('grey' as const),
          })),
        ),
    },
    {
      title: 'Checks',
      caption:
        'Of the last run of npx tidemark check: what failed, and how many hold by their kind.',
      wide: true,
      dataset: CHECKS,
      columns: ['kind', 'severity', 'status', 'failing'],
      draw: checkTable,
    },
    {
      title: 'Freshness',
      caption: 'When something was last read of each stream, and when it had happened.',
      wide: true,
      dataset: FRESHNESS,
      columns: ['newest_record', 'newest_event', 'stored_at'],
      draw: (rows) =>
        table(
          'freshness',
          [
            { head: 'stream', cell: (row) => textIn(row, 'stream') },
            { head: 'sources', number: true, cell: (row) => exact(numberIn(row, 'sources')) },
            { head: 'newest record', cell: (row) => timeOf(textIn(row, 'newest_record')) },
            { head: 'age', number: true, cell: (row) => age(numberIn(row, 'record_age_seconds')) },
            { head: 'newest event', cell: (row) => timeOf(textIn(row, 'newest_event')) },
            { head: 'age', number: true, cell: (row) => age(numberIn(row, 'event_age_seconds')) },
            { head: 'stored', cell: (row) => timeOf(textIn(row, 'stored_at')) },
          ],
          rows,
        ),
    },
  ],
};

/** Checks that hold are many, and one like the other: a row per kind. */
function checkTable(rows: readonly Row[]): Markup {
  const failed = rows.filter((row) => textIn(row, 'status') !== 'ok');
  const kinds = new Map<string, number>();
  for (const row of rows) {
    const kind = textIn(row, 'kind');
    if (!failed.includes(row)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const holding = [...kinds].map(([kind, count]) => ({
    check: `${exact(count)} of kind ${kind}`,
    status: 'ok',
    failing: 0,
  }));
  return html`<p class="note">Run of ${timeOf(textIn(rows[0] ?? {}, 'at'))}.</p>
    ${table(
      'checks',
      [
        { head: 'check', cell: (row) => textIn(row, 'check') },
        {
          head: 'status',
          cell: (row) => {
            const status = textIn(row, 'status');
            const isBad = status !== 'ok' && textIn(row, 'severity') === 'error';
            return isBad ? html`<b class="bad-text">${status}</b>` : status;
          },
        },
        { head: 'severity', cell: (row) => textIn(row, 'severity') },
        { head: 'failing rows', number: true, cell: (row) => exact(numberIn(row, 'failing')) },
        { head: 'why', cell: (row) => textIn(row, 'reason') },
      ],
      [...failed, ...holding],
    )}`;
}

function timeOf(time: string): string {
  return time === '' ? 'none' : moment(new Date(time));
}
