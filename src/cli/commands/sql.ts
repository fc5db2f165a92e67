import type { Command } from 'commander';
import { UsageError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, repeatable } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { streamQuery } from '../stream-query.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly format?: string;
  readonly param?: readonly string[];
  readonly write?: boolean;
}

const TABLE = 'PrettyCompactMonoBlock';

/** `tidemark sql QUERY`: runs it and prints what it returns. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .argument('<query>', 'one statement')
    .option('--format <name>', 'any output format of ClickHouse (a table on a terminal, else TSV)')
    .option('--param <name=value>', 'value of {name:Type} in the query; repeatable', repeatable)
    .option('--write', 'allow statements that change something')
    .addHelpText(
      'after',
      "\nExample:\n  npx tidemark sql 'SELECT count() FROM events WHERE user_id = {user:String}' --param user=u1",
    )
    .action(async (query: string, options: Options) => {
      const parameters = parseParameters(options.param ?? []);
      const format = options.format ?? (invocation.stdout.isTTY === true ? TABLE : 'TabSeparated');
      await using warehouse = await openMigratedWarehouse(
        configurationOf(invocation, options),
        invocation,
      );
      await streamQuery(warehouse.client, invocation, {
        query,
        parameters,
        format,
        readOnly: options.write !== true,
      });
    });
}

function parseParameters(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UsageError(`--param must be name=value, got "${text}"`);
    }),
  );
}
