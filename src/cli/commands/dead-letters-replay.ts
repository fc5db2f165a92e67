import type { Command } from 'commander';
import { filterOptions } from '../cold/dead-letter-filter.ts';
import type { DeadLetterFilter } from '../cold/dead-letter-filter.ts';
import { UsageError } from '../exit-status.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { outcomesInWords } from '../cold/outcome-tally.ts';
import type { Replayed } from '../cold/replay-dead-letters.ts';

interface Options extends DataDirOption, DeadLetterFilter {
  readonly json?: boolean;
}

/** `tidemark dead-letters replay`: refused records are taken in again, once what they broke is mended. */
export function defineReplay(command: Command, invocation: Invocation): void {
  filterOptions(dataDirOption(command))
    .description('take refused records in again')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
At least one filter is needed. Records of Kafka are sent to their topic again, rows of files are taken
in like the file; both are marked and never replayed twice. Late events: see tidemark reprocess --late.

Example:
  npx tidemark event-types set coupon_used
  npx tidemark dead-letters replay --reason unknown_event_type`,
    )
    .action(async (options: Options) => {
      const { source, reason, since, until } = options;
      if ([source, reason, since, until].every((filter) => filter === undefined)) {
        throw new UsageError('say what to replay: --reason, --source, --since or --until');
      }
      const configuration = configurationOf(invocation, options);
      const { replayDeadLetters } = await import('../cold/replay-dead-letters.ts');
      const replayed = await replayDeadLetters({ configuration, invocation, filter: options });
      if (options.json === true) printJson(invocation, replayed);
      else print(invocation, inWords(replayed));
    });
}

function inWords({ sent, files, not_records }: Replayed): string {
  const lines: string[] = [];
  if (sent > 0) lines.push(`${sent} records were sent to Kafka again`);
  if (files.rows_read > 0) lines.push(`from files: ${outcomesInWords(files)}`);
  for (const [reason, count] of Object.entries(not_records)) {
    lines.push(`${count} rows stay as they are, ${reason}: correct the file and ingest it again`);
  }
  return lines.length === 0 ? 'nothing is left to replay there' : lines.join('\n');
}
