import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { MAX_RECORDS } from '../../traffic/traffic.ts';
import type { GenerateSummary } from '../traffic/generate.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, wholeNumberOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';

interface Options extends DataDirOption {
  readonly seed?: number;
  readonly events?: number;
  readonly users?: number;
  readonly days: number;
  readonly until?: number;
  readonly duplicates: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  readonly outOfOrder: number;
  readonly partitions: number;
  readonly rate?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `tidemark generate`: realistic app events from a seed, to Kafka or into a file. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--seed <n>', 'the same seed, the same traffic; a new one unless given', seedOption)
    .option('--events <n>', 'records in all (default: 100000)', wholeNumberOption(1, MAX_RECORDS))
    .option('--users <n>', 'users, instead of a number of records', wholeNumberOption(1, 1_000_000))
    .option('--days <n>', 'days of history', wholeNumberOption(1, 400), 30)
    .option('--until <time>', 'ISO time of the last events; now unless given', timeOption)
    .option('--duplicates <share>', 'sent again, at once or much later', shareOption, 0.01)
    .option('--late <share>', 'further behind than LOOKBACK_DAYS', shareOption, 0.004)
    .option('--future <share>', 'from clocks that are years ahead', shareOption, 0.001)
    .option('--invalid <share>', 'broken, in each of the ways there are', shareOption, 0.002)
    .option('--out-of-order <share>', 'held back within the lookback', shareOption, 0.05)
    .option(
      '--partitions <n>',
      'partitions of the topic when it has to be created',
      wholeNumberOption(1, 10_000),
      4,
    )
    .option('--rate <n>', 'records a second at most', wholeNumberOption(1, 10_000_000))
    .option(
      '--out <file>',
      'into a file (.avro, .ndjson, .csv, the last two also .gz), not to Kafka',
    )
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
A share is of all records, as 0.01 or 1%, at most 50%. Give --seed and --until to get the same bytes again.
What is expected of the records holds for a topic that was empty: into one that has newer
events already, older days come late.

Examples:
  npx tidemark generate --events 200000
  npx tidemark generate --users 5000 --days 90 --late 2% --rate 2000
  npx tidemark generate --seed 7 --until 2026-03-20T12:00:00Z --out events.csv.gz`,
    )
    .action(async (options: Options) => {
      const configuration = configurationOf(invocation, options);
      const { generate } = await import('../traffic/generate.ts');
      const { duplicates, late, future, invalid, outOfOrder } = options;
      const summary = await generate({
        seed: options.seed,
        records: options.events,
        users: options.users,
        days: options.days,
        until: options.until,
        rates: { duplicates, late, future, invalid, outOfOrder },
        partitions: options.partitions,
        rate: options.rate,
        out: options.out,
        configuration,
        invocation,
      });
      if (options.json === true) printJson(invocation, summary);
      else print(invocation, inWords(summary));
    });
}

const seedOption = wholeNumberOption(0, 2 ** 32 - 1);

/** In microseconds since 1970. */
function timeOption(text: string): number {
  const time = Date.parse(text);
  const earliest = Date.UTC(1990, 0, 1);
  if (!/^\d{4}-\d\d-\d\d(T.+(Z|[+-]\d\d:?\d\d))?$/.test(text) || !(time >= earliest)) {
    throw new InvalidArgumentError('It must be a time such as 2026-03-20T12:00:00Z, from 1990 on.');
  }
  return time * 1000;
}

function shareOption(text: string): number {
  const match = /^(\d*\.?\d+)(%?)$/.exec(text);
  const share = Number(match?.[1]) / (match?.[2] === '%' ? 100 : 1);
  if (!(share >= 0 && share <= 0.5)) {
    throw new InvalidArgumentError('It must be a share from 0 to 0.5, or from 0% to 50%.');
  }
  return share;
}

function inWords({
  to,
  records,
  left_out,
  expected,
  seed,
  until,
  seconds,
}: GenerateSummary): string {
  const rate = Math.round(records / Math.max(seconds, 0.001)).toLocaleString('en');
  const { accepted, duplicate, late, future, invalid } = expected;
  const lines = [
    `${records} records to ${to} in ${seconds.toFixed(1)} s (${rate}/s), seed ${seed}, until ${until}`,
    `expected: ${accepted} accepted, ${duplicate} duplicate, ${late} late, ${future} future, ${invalid} invalid`,
  ];
  const out = Object.values(left_out).reduce((sum, count) => sum + count, 0);
  if (out > 0) lines.push(`${out} broken records were left out, as no row of a file can hold them`);
  return lines.join('\n');
}
