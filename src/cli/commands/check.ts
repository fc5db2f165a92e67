import { Option } from 'commander';
import type { Command } from 'commander';
import type { CheckResult } from '../../warehouse/checks.ts';
import { checkReport } from '../check-report.ts';
import { WorkError } from '../exit-status.ts';
import { print } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly format: 'table' | 'json' | 'junit';
  readonly json?: boolean;
}

/** `tidemark check`: whether what is stored adds up. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .addOption(
      new Option('--format <name>', 'how the results are printed')
        .choices(['table', 'json', 'junit'])
        .default('table'),
    )
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      `
Each check is a file of clickhouse/checks: a query of the rows that are not as they should be. May run
beside processors. Exit status 1 when a check of severity error fails; warnings alone are 0.

Example:
  npx tidemark check`,
    )
    .action(async (options: Options) => {
      const configuration = configurationOf(invocation, options);
      const { readChecks, runCheck } = await import('../../warehouse/checks.ts');
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      const results: CheckResult[] = [];
      for (const check of await readChecks()) {
        results.push(await runCheck(warehouse.client, check, invocation.signal));
      }
      print(invocation, checkReport(results, options.json === true ? 'json' : options.format));
      const failed = results.filter(({ failing, severity }) => failing > 0 && severity === 'error');
      if (failed.length > 0) {
        throw new WorkError(`failed: ${failed.map(({ name }) => name).join(', ')}`);
      }
    });
}
