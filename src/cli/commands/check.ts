import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { isError } from '../../checks/check.ts';
import { checkReport } from '../check/report.ts';
import { UsageError, WorkError } from '../exit-status.ts';
import { print } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface Options extends DataDirOption {
  readonly format: 'table' | 'json' | 'junit';
  readonly json?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly checks?: string;
  readonly report?: string;
  readonly store: boolean;
}

/** `tidemark check`: whether what is stored adds up. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .argument('[names...]', 'only these checks; their results are not stored')
    .addOption(
      new Option('--format <name>', 'how the results are printed')
        .choices(['table', 'json', 'junit'])
        .default('table'),
    )
    .option('--json', 'the same as --format json')
    .option('--from <day>', 'first day of what is checked by day (the last CHECK_DAYS days)', day)
    .option('--to <day>', 'last day (the last there is)', day)
    .option('--checks <folder>', 'further checks: SQL files of your own (CHECKS_DIR)')
    .option('--report <file>', 'write the state of the data as an HTML page, too')
    .option('--no-store', 'do not store the results in check_results and check_failures')
    .addHelpText(
      'after',
      `
What is checked, and how to add checks, is told in docs/checks.md. May run beside processors. Exit
status 1 when a check of severity error fails or cannot be run; warnings alone are 0.

Examples:
  npx tidemark check
  npx tidemark check --from 2026-03-01 --to 2026-03-31 --report today.html
  npx tidemark check growth-adds-up sessions-do-not-overlap`,
    )
    .action(async (names: readonly string[], options: Options) => {
      const configuration = configurationOf(invocation, options);
      const { folder, freshness, days } = configuration.checks;
      const { allChecks } = await import('../../checks/all-checks.ts');
      const { runChecks } = await import('../../checks/run-checks.ts');
      const { storeRun } = await import('../../checks/stored-results.ts');
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      const { client } = warehouse;
      const all = await allChecks({ client, freshness, folder: options.checks ?? folder }).catch(
        unreadableFolder,
      );
      const unknown = names.filter((name) => !all.some((check) => check.name === name));
      if (unknown.length > 0) throw new UsageError(`there is no check ${unknown.join(', ')}`);
      const at = new Date();
      const results = await runChecks({
        client,
        checks: names.length === 0 ? all : all.filter(({ name }) => names.includes(name)),
        from: options.from,
        to: options.to,
        days,
        signal: invocation.signal,
      });
      const run = { id: randomUUID(), at, results, rows: new Map<string, number>() };
      if (options.report !== undefined) {
        const { checkPage } = await import('../check/page.ts');
        const { readDataState } = await import('../../checks/data-state.ts');
        const state = await readDataState(client, at);
        for (const { table, rows } of state.tables) run.rows.set(table, rows);
        await writeFile(options.report, checkPage(run, state));
      }
      if (options.store && names.length === 0) await storeRun(client, run);
      print(invocation, checkReport(results, options.json === true ? 'json' : options.format));
      const failed = results.filter(isError);
      if (failed.length > 0) {
        throw new WorkError(`failed: ${failed.map(({ name }) => name).join(', ')}`);
      }
    });
}

function day(text: string): string {
  const time = Date.parse(text);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(time);
  if (isDay && new Date(time).toISOString().startsWith(text)) return text;
  throw new InvalidArgumentError('It must be a day such as 2026-03-31.');
}

function unreadableFolder(error: unknown): never {
  if (error instanceof Error && 'syscall' in error && error.syscall === 'scandir') {
    throw new UsageError(
      `the folder of checks cannot be read (${error.message}): name one with --checks or CHECKS_DIR, or leave it away`,
    );
  }
  throw error;
}
