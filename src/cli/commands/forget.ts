import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';

interface Options extends DataDirOption {
  readonly customer?: boolean;
  readonly wait: number;
  readonly json?: boolean;
}

/** `tidemark forget`: erases people from everything that is stored, and has what comes of them refused. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .argument('<user-id...>', 'whom to forget; several at once cost hardly more than one')
    .option('--customer', 'they are the customers with the same ids too')
    .option('--wait <seconds>', 'how long to wait for running processors', secondsArgument, 120)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Erases them from events, user-days, attributes, scores and whatever is made of these, and keeps their
bytes out of what was refused. Only a hash of the id stays, by which records that come later, or once
more, are refused as user_forgotten. Running processors take that up by themselves; it is waited for.

Not erased: records in Kafka (until its retention removes them), dead-letter topics, files, backups.

Examples:
  npx tidemark forget user-4711
  npx tidemark forget user-4711 user-4712 --customer`,
    )
    .action(async (ids: readonly string[], options: Options) => {
      const { forgetPeople } = await import('../cold/forget-people.ts');
      const forgot = await forgetPeople({
        configuration: configurationOf(invocation, options),
        invocation,
        ids,
        customers: options.customer === true,
        patienceMs: options.wait * 1000,
      });
      if (options.json === true) return printJson(invocation, forgot);
      const rows = Object.entries(forgot.erased).map(([table, count]) => `${table} ${count}`);
      print(invocation, rows.length === 0 ? 'nothing was stored' : `erased: ${rows.join(', ')}`);
    });
}

function secondsArgument(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of seconds.');
}
