import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';

/** `tidemark run`: the processor, until it is told to stop. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .addHelpText('after', '\nExample:\n  npx tidemark run')
    .action(async (options: DataDirOption) => {
      const configuration = configurationOf(invocation, options);
      const { runProcessor } = await import('../run-processor.ts');
      const { serviceLogger } = await import('../logger.ts');
      await runProcessor({ configuration, invocation, logger: serviceLogger(configuration) });
    });
}
