import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { UsageError } from '../exit-status.ts';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { Rebuild } from '../cold/rebuild-days.ts';
import { outcomesInWords } from '../cold/outcome-tally.ts';

interface Options extends DataDirOption {
  readonly late?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** `tidemark reprocess`: applies the events that came too late, or rebuilds days from their events. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--late', 'apply the late events that are not applied yet')
    .option(
      '--from <day>',
      'rebuild the user-days and customer-days from this day on, from what was accepted',
      dayArgument,
    )
    .option('--to <day>', 'up to this day, inclusive', dayArgument)
    .option('--json', 'print the outcomes as JSON')
    .addHelpText(
      'after',
      `
Late events that others have accepted meanwhile count as duplicates; running processors need not be
stopped. For a rebuild they must be; it says which days were not what their events and lines say.

Example:
  npx tidemark reprocess --late
  npx tidemark reprocess --from 2026-11-01 --to 2026-11-30`,
    )
    .action(async (options: Options) => {
      const { late, from, to } = options;
      const rebuilds = from !== undefined && to !== undefined;
      if ((late === true) === rebuilds || (from === undefined) !== (to === undefined)) {
        throw new UsageError('say what to reprocess: either --late, or --from DAY --to DAY');
      }
      const configuration = configurationOf(invocation, options);
      if (rebuilds) return await rebuild({ configuration, invocation, from, to }, options.json);
      const { reprocessLate } = await import('../cold/reprocess-late.ts');
      const summary = await reprocessLate({ configuration, invocation });
      if (options.json === true) return printJson(invocation, summary);
      if (summary.rows_read === 0) return print(invocation, 'no late events are waiting');
      for (const one of summary.sources)
        print(invocation, `${one.source}: ${outcomesInWords(one)}`);
      if (summary.sources.length > 1) print(invocation, outcomesInWords(summary));
    });
}

async function rebuild(work: Rebuild, json = false): Promise<void> {
  const { rebuildDays } = await import('../cold/rebuild-days.ts');
  const summary = await rebuildDays(work);
  const { invocation } = work;
  if (json) return printJson(invocation, summary);
  const { folded, different, examples } = summary;
  print(invocation, `${folded} rows folded anew, ${different} were stored otherwise`);
  for (const { table, event_date, entity, source, ...records } of examples) {
    const { stored, folded: now } = records;
    print(
      invocation,
      `  ${table} ${event_date} ${entity} of ${source}: ${stored} records, now ${now}`,
    );
  }
  if (different > examples.length) print(invocation, `  and ${different - examples.length} more`);
  if (different > 0) say(invocation, 'next: tidemark refresh, and tidemark check');
}

function dayArgument(text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime())) return text;
  throw new InvalidArgumentError('It must be a day such as 2026-11-23.');
}
