import type { Command } from 'commander';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
}

/** `tidemark refresh`: every table is right at any time so far; merging what is stored makes reading faster. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx tidemark refresh')
    .action(async (options: Options) => {
      const { mergeParts } = await import('../merge-parts.ts');
      await using warehouse = await openMigratedWarehouse(
        configurationOf(invocation, options),
        invocation,
      );
      const merged = await mergeParts(warehouse.client, invocation.signal);
      if (options.json === true) {
        printJson(invocation, { merged });
        return;
      }
      for (const { table, before, after } of merged) {
        print(invocation, `${table}\t${before} parts before, ${after} now`);
      }
      print(
        invocation,
        'user_days and all other tables are views of what is stored: they are up to date as it is',
      );
    });
}
