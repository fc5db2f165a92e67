import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, wholeNumberOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';

interface Options extends DataDirOption {
  readonly seed?: number;
  readonly events: number;
  readonly exit?: boolean;
  readonly json?: boolean;
}

/** `tidemark demo`: the whole way of events, in one go. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option(
      '--seed <n>',
      'of the traffic; a new one unless given',
      wholeNumberOption(0, 2 ** 32 - 1),
    )
    .option('--events <n>', 'records to send', wholeNumberOption(1_000, 20_000_000), 200_000)
    .option('--exit', 'end after the traffic is processed instead of staying up')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Starts a development broker, ClickHouse and the processor in this folder, sends a month of realistic
traffic with duplicates, late, future and broken events, and says what became of every one.

Example:
  npx tidemark demo
  npx tidemark demo --exit --seed 7`,
    )
    .action(async (options: Options) => {
      const configuration = configurationOf(invocation, options);
      const { demo } = await import('../demo.ts');
      await demo({
        configuration,
        invocation,
        seed: options.seed,
        events: options.events,
        exit: options.exit === true,
        json: options.json === true,
      });
    });
}
