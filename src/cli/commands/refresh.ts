import type { Command } from 'commander';
import { WorkError } from '../exit-status.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { table } from '../table.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
  readonly full?: boolean;
}

/** `tidemark refresh`: brings the stored marts up to date, and merges what is stored, which makes reading faster. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--full', 'compute everything anew that is made of user-days, stale or not')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
--full does not read the raw events: to fold user-days from them once more, stop the processors and run
\`tidemark reprocess --from DAY --to DAY\`; whatever depends on what it mends follows.

Example:
  npx tidemark refresh
  npx tidemark refresh --full`,
    )
    .action(async (options: Options) => {
      const [{ mergeParts }, { Refresher }] = await Promise.all([
        import('../merge-parts.ts'),
        import('../../warehouse/refresher.ts'),
      ]);
      const { signal } = invocation;
      await using warehouse = await openMigratedWarehouse(
        configurationOf(invocation, options),
        invocation,
      );
      const { client } = warehouse;
      const refresher = await Refresher.open(client, signal);
      const refreshed = await refresher.refresh({ full: options.full === true });
      const merged = await mergeParts(client, signal);
      if (options.json === true) printJson(invocation, { refreshed, merged });
      else {
        const lines = refreshed.map(({ mart, rows, seconds, error }) => [
          mart,
          error ?? (rows === 0 ? 'up to date' : `${rows} rows replaced`),
          `${seconds.toFixed(3)} s`,
        ]);
        print(invocation, table(['stored view', 'refresh', 'took'], lines));
        for (const { table: name, before, after } of merged) {
          print(invocation, `${name}\t${before} parts before, ${after} now`);
        }
      }
      const failed = refreshed.filter(({ error }) => error !== null);
      if (failed.length > 0) {
        throw new WorkError(
          `not refreshed: ${failed.map(({ mart, error }) => `${mart} (${error})`).join('; ')}`,
        );
      }
    });
}
