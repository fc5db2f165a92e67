import type { Command } from 'commander';
import { UsageError } from '../exit-status.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { outcomesInWords } from '../outcome-tally.ts';

interface Options extends DataDirOption {
  readonly late?: boolean;
  readonly json?: boolean;
}

/** `tidemark reprocess --late`: applies the events that came too late for their day. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--late', 'apply the late events that are not applied yet')
    .option('--json', 'print the outcomes as JSON')
    .addHelpText(
      'after',
      `
What others have accepted meanwhile counts as a duplicate. Running processors need not be stopped.

Example:
  npx tidemark reprocess --late`,
    )
    .action(async (options: Options) => {
      if (options.late !== true) throw new UsageError('say what to reprocess: --late');
      const configuration = configurationOf(invocation, options);
      const { reprocessLate } = await import('../reprocess-late.ts');
      const summary = await reprocessLate({ configuration, invocation });
      if (options.json === true) return printJson(invocation, summary);
      if (summary.rows_read === 0) return print(invocation, 'no late events are waiting');
      for (const one of summary.sources)
        print(invocation, `${one.source}: ${outcomesInWords(one)}`);
      if (summary.sources.length > 1) print(invocation, outcomesInWords(summary));
    });
}
