import type { Command } from 'commander';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { openWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly dryRun?: boolean;
  readonly roles?: boolean;
  readonly json?: boolean;
}

const DONE = { create: 'created', update: 'updated', none: 'up to date' } as const;
const TO_DO = {
  create: 'would be created',
  update: 'would be updated',
  none: 'up to date',
} as const;

/** `tidemark migrate`: creates or upgrades the schema. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--dry-run', 'only say what would be done')
    .option(
      '--roles',
      'then make the roles DATABASE_analyst, DATABASE_processor and DATABASE_admin, and print their grants',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nAnalysts read every public view and reference table, but neither what is stored behind them nor personal\n' +
        'data nor the contents of refused records; the processor runs on; admins may do anything.\n' +
        '\nExample:\n  CLICKHOUSE_URL=http://default@localhost:8123/analytics npx tidemark migrate --roles\n' +
        '  GRANT analytics_analyst TO alice   (in ClickHouse)',
    )
    .action(async (options: Options) => {
      const { migrate } = await import('../../warehouse/migrations.ts');
      await using warehouse = await openWarehouse(configurationOf(invocation, options), invocation);
      const steps = await migrate(warehouse.client, { dryRun: options.dryRun });
      const { grantRoles } = await import('../../warehouse/roles.ts');
      const grants = options.roles === true ? await grantRoles(warehouse.client, options) : [];
      if (options.json === true) {
        printJson(invocation, options.roles === true ? { steps, grants } : steps);
        return;
      }
      const words = options.dryRun === true ? TO_DO : DONE;
      for (const { name, action } of steps) print(invocation, `${name}\t${words[action]}`);
      for (const grant of grants) print(invocation, `${grant};`);
    });
}
