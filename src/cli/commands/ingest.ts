import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { FILE_FORMATS } from '../../sources/file/open-rows.ts';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import { UsageError } from '../exit-status.ts';
import type { IngestSummary } from '../cold/ingest-files.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { outcomesInWords } from '../cold/outcome-tally.ts';
import { streamNamed } from '../streams.ts';

interface Options extends DataDirOption {
  readonly stream: string;
  readonly map?: string;
  readonly format?: FileFormat;
  readonly source?: string;
  readonly lookbackDays: number;
  readonly json?: boolean;
}

/** `tidemark ingest FILE…`: adds the rows of files to the tables, without Kafka. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .argument('<file...>', 'csv, csv.gz, ndjson, ndjson.gz or Avro container files')
    .requiredOption('--stream <name>', 'what the rows are, such as app-events')
    .option('--map <file>', 'JSON file that says which column goes into which field')
    .addOption(
      new Option('--format <name>', 'format of the files, by their extension unless given').choices(
        FILE_FORMATS,
      ),
    )
    .option('--source <label>', 'the files are the sources LABEL/NAME instead of file:NAME', label)
    .option(
      '--lookback-days <n>',
      'days that an event may be behind the latest one of its file, or unlimited',
      lookback,
      Infinity,
    )
    .option('--json', 'print the outcomes as JSON')
    .addHelpText(
      'after',
      `
A row that any source has accepted before counts as a duplicate: files may overlap, and whatever was
interrupted is simply run again.

Example:
  npx tidemark ingest events.csv --stream app-events --map examples/greenery-events.json`,
    )
    .action(async (files: readonly string[], options: Options) => {
      const { ingest } = await import('../cold/ingest.ts');
      const configuration = configurationOf(invocation, options);
      const stream = streamNamed(options.stream);
      const topics: readonly string[] = Object.values(configuration.topics);
      if (options.source !== undefined && topics.includes(options.source)) {
        throw new UsageError(`--source cannot be "${options.source}": that is the name of a topic`);
      }
      const summary = await ingest({
        files,
        format: options.format,
        map: options.map,
        label: options.source,
        lookbackDays: options.lookbackDays,
        stream,
        configuration,
        invocation,
      });
      if (options.json === true) printJson(invocation, summary);
      else print(invocation, inWords(summary));
    });
}

function inWords(summary: IngestSummary): string {
  const { files, rows_read, seconds } = summary;
  const rate = Math.round(rows_read / Math.max(seconds, 0.001)).toLocaleString('en');
  const each = files.length > 1 ? files.map((one) => `${one.file}: ${outcomesInWords(one)}`) : [];
  return [...each, `${outcomesInWords(summary)}\nin ${seconds.toFixed(1)} s (${rate}/s)`].join(
    '\n',
  );
}

function label(text: string): string {
  if (/^[\w.-]{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be letters, digits, ".", "-" and "_".');
}

function lookback(text: string): number {
  if (text === 'unlimited') return Infinity;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of days, or unlimited.');
}
