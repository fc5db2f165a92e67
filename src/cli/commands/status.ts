import type { Command } from 'commander';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { SourceStatus, Status } from '../read-status.ts';
import { table } from '../table.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
}

/** `tidemark status`: how far processing is, and what became of the records. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx tidemark status')
    .action(async (options: Options) => {
      const configuration = configurationOf(invocation, options);
      const { readStatus } = await import('../read-status.ts');
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      const status = await readStatus(warehouse.client, configuration);
      if (options.json === true) printJson(invocation, status);
      else print(invocation, inWords(status));
      if (status.kafka !== 'reached') say(invocation, `Lag is not known: ${status.kafka}.`);
    });
}

function inWords({ sources, rejected, views, users, user_days }: Status): string {
  if (sources.length === 0) return 'Nothing has been processed yet.';
  const refused = rejected.map(({ stream, outcome, reason, records }) => [
    stream,
    outcome,
    reason,
    String(records),
  ]);
  return [
    table(SOURCE_HEADER, sources.map(sourceLine)),
    `${user_days} user-days of ${users} users`,
    table(
      ['stored view', 'up to date', 'error'],
      views.map(({ view, age_seconds, error }) => [view, ageInWords(age_seconds), error ?? '-']),
    ),
    ...(refused.length === 0
      ? []
      : [table(['stream', 'refused as', 'reason', 'records'], refused)]),
  ].join('\n\n');
}

function ageInWords(seconds: number | null): string {
  return seconds === null ? 'never: run `tidemark refresh`' : `${Math.round(seconds)} s ago`;
}

const SOURCE_HEADER = [
  'stream',
  'source',
  'next offset',
  'lag',
  'watermark',
  'accepted',
  'duplicate',
  'late',
  'future',
  'invalid',
  'skipped',
];

function sourceLine(source: SourceStatus): string[] {
  const { stream, next_offset, lag, watermark, accepted, duplicate, late } = source;
  return [
    stream,
    source.source,
    String(next_offset),
    lag === null ? '-' : String(lag),
    watermark ?? '-',
    ...[accepted, duplicate, late, source.future, source.invalid, source.skipped].map(String),
  ];
}
