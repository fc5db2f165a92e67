/** In: what the demo has done. Out: what a person is told of it: why the totals add up, and what to ask. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { ExpectedCounts } from '../traffic/expectation.ts';
import { table } from './table.ts';

export interface DemoSummary {
  readonly seed: number;
  readonly topic: string;
  readonly sent: number;
  /** All times count from the start of the command. */
  readonly started_after_seconds: number;
  readonly first_visible_after_seconds: number;
  readonly sent_after_seconds: number;
  readonly processed_after_seconds: number;
  /** What the generator expects. */
  readonly expected: ExpectedCounts;
  /** What the processor counted. */
  readonly outcomes: Readonly<
    Record<'accepted' | 'duplicate' | 'late' | 'future' | 'invalid', number>
  >;
}

const MEANING = {
  accepted: 'in events, and counted in user_days',
  duplicate: 'the same event again: counted here, stored nowhere',
  late: 'behind the lookback: in late_events, until tidemark reprocess --late',
  future: 'ahead of its record by more than the skew: in rejected_events',
  invalid: 'broken: in rejected_events with the reason and the bytes',
} as const;

/** Queries worth trying, each on tables that the demo has filled. */
export const QUERIES: readonly { readonly title: string; readonly query: string }[] = [
  {
    title: 'How many people came in the last week?',
    query: `SELECT event_date, count() AS users, sum(events) AS events
FROM user_days GROUP BY event_date ORDER BY event_date DESC LIMIT 7`,
  },
  {
    title: 'Do we grow?',
    query: `SELECT event_date, daily_active_users AS dau, weekly_active_users_7d AS wau,
    round(daily_quick_ratio, 2) AS quick_ratio, daily_growth_quality AS growth
FROM growth_metrics WHERE is_complete ORDER BY event_date DESC LIMIT 3`,
  },
  {
    title: 'Who owes us miles?',
    query: `SELECT user_id, total_miles_earned AS earned, total_miles_redeemed AS redeemed,
    current_miles_balance AS balance
FROM users_with_negative_miles LIMIT 5`,
  },
  {
    title: 'Why were events refused?',
    query: `SELECT outcome, reason, count() AS events
FROM rejected_events GROUP BY outcome, reason ORDER BY events DESC LIMIT 5`,
  },
];

export async function demoReport(client: ClickHouseClient, summary: DemoSummary): Promise<string> {
  const parts = [flowInWords(summary), outcomesTable(summary), await proof(client, summary)];
  for (const { title, query } of QUERIES) {
    parts.push(`${title}\n${indented(query)}\n\n${indented(await answer(client, query))}`);
  }
  parts.push(
    'Ask it yourself\n' +
      '  npx tidemark sql "SELECT * FROM dim_users ORDER BY events DESC LIMIT 3" --format Vertical',
  );
  return parts.join('\n\n');
}

function flowInWords(summary: DemoSummary): string {
  const { sent, topic, started_after_seconds: started } = summary;
  const took = summary.processed_after_seconds - started;
  const rate = Math.round(sent / took).toLocaleString('en');
  return (
    `${sent.toLocaleString('en')} records went through Kafka (${topic}) into the tables in ` +
    `${took.toFixed(1)} s (${rate}/s).\n` +
    `The stack was up after ${started.toFixed(1)} s, the first of them were visible after ` +
    `${summary.first_visible_after_seconds.toFixed(1)} s, all after ` +
    `${summary.processed_after_seconds.toFixed(1)} s.`
  );
}

function outcomesTable({ outcomes, expected, sent }: DemoSummary): string {
  const names = ['accepted', 'duplicate', 'late', 'future', 'invalid'] as const;
  const rows = names.map((name) => [
    name,
    outcomes[name].toLocaleString('en'),
    outcomes[name] === expected[name] ? 'yes' : `no: ${expected[name].toLocaleString('en')}`,
    MEANING[name],
  ]);
  const sum = names.reduce((total, name) => total + outcomes[name], 0);
  rows.push([
    'sum',
    sum.toLocaleString('en'),
    sum === sent ? 'yes' : `no: ${sent.toLocaleString('en')} were sent`,
    'every record that was sent has exactly one outcome',
  ]);
  return table(['outcome', 'records', 'as sent', 'where it went'], rows);
}

/** The same number from three tables that were made in three ways. */
async function proof(client: ClickHouseClient, { topic, outcomes }: DemoSummary): Promise<string> {
  const result = await client.query({
    query: `
SELECT
    (SELECT toFloat64(count()) FROM events WHERE startsWith(source, {prefix: String})) AS events,
    (
        SELECT toFloat64(sum(events))
        FROM user_day_rows FINAL
        WHERE startsWith(source, {prefix: String})
    ) AS aggregated`,
    query_params: { prefix: `${topic}/` },
    format: 'JSONEachRow',
  });
  const [{ events, aggregated } = { events: NaN, aggregated: NaN }] = await result.json<{
    events: number;
    aggregated: number;
  }>();
  const all = [outcomes.accepted, events, aggregated].map((count) => count.toLocaleString('en'));
  const verdict = new Set(all).size === 1 ? 'they agree' : 'THEY DIFFER';
  return `${all[0]} accepted by the progress lines, ${all[1]} rows in events, ${all[2]} events summed over user_days: ${verdict}.`;
}

async function answer(client: ClickHouseClient, query: string): Promise<string> {
  const result = await client.exec({
    query: `${query}\nFORMAT PrettyCompactMonoBlock`,
    clickhouse_settings: { output_format_pretty_row_numbers: 0, output_format_pretty_color: 0 },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of result.stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString().trimEnd();
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
