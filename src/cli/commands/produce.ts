import { Option } from 'commander';
import type { Command } from 'commander';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, wholeNumberOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { ProduceSummary } from '../traffic/produce-files.ts';
import { streamNamed } from '../streams.ts';

interface Options extends DataDirOption {
  readonly stream: string;
  readonly map?: string;
  readonly format?: FileFormat;
  readonly partitions: number;
  readonly rate?: number;
  readonly json?: boolean;
}

/** `tidemark produce FILE…`: sends rows of files to Kafka, breaches of the rules included. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .argument('<file...>', 'csv, csv.gz, ndjson, ndjson.gz or Avro container files')
    .requiredOption('--stream <name>', 'what the rows are, such as app-events')
    .option('--map <file>', 'JSON file that says which column goes into which field')
    .addOption(
      new Option('--format <name>', 'format of the files, by their extension unless given').choices(
        ['csv', 'csv.gz', 'ndjson', 'ndjson.gz', 'avro'],
      ),
    )
    .option(
      '--partitions <n>',
      'partitions of the topic when it has to be created',
      wholeNumberOption(1, 10_000),
      4,
    )
    .option('--rate <n>', 'events a second at most', wholeNumberOption(1, 10_000_000))
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  npx tidemark produce events.csv --stream app-events --map examples/greenery-events.json',
    )
    .action(async (files: readonly string[], options: Options) => {
      const stream = streamNamed(options.stream);
      const configuration = configurationOf(invocation, options);
      const { produceFiles } = await import('../traffic/produce-files.ts');
      const summary = await produceFiles({
        files,
        format: options.format,
        map: options.map,
        stream,
        partitions: options.partitions,
        rate: options.rate,
        configuration,
        invocation,
      });
      if (options.json === true) printJson(invocation, summary);
      else print(invocation, inWords(summary));
    });
}

function inWords({ topic, rows_read, sent, not_encodable, reasons, seconds }: ProduceSummary) {
  const rate = Math.round(sent / Math.max(seconds, 0.001)).toLocaleString('en');
  return [
    `${rows_read} rows read, ${sent} sent to ${topic} in ${seconds.toFixed(1)} s (${rate}/s), ${not_encodable} not sent`,
    ...Object.entries(reasons).map(([code, count]) => `  ${code}: ${count}`),
  ].join('\n');
}
