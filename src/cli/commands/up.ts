import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';

/** `tidemark up`: everything that is needed, waiting for your own producers. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .addHelpText(
      'after',
      `
Starts a development broker, ClickHouse, a schema registry and the processor in this folder. Other
commands on the same data folder talk to them.

Example:
  npx tidemark up
  npx tidemark produce events.csv --stream app-events      (in another terminal)`,
    )
    .action(async (options: DataDirOption) => {
      const configuration = configurationOf(invocation, options);
      const { up } = await import('../up.ts');
      await up(configuration, invocation);
    });
}
