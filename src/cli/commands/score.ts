import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { ClickHouseClient } from '@clickhouse/client';
import { UsageError } from '../exit-status.ts';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, wholeNumberOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { DayRange } from '../score/features.ts';
import { table } from '../table.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface CommonOptions extends DataDirOption {
  readonly asOf?: string;
  readonly schedule?: string;
  readonly json?: boolean;
}

interface DriverOptions extends CommonOptions {
  readonly features?: readonly string[];
  readonly featureDays: DayRange;
  readonly targetDays?: DayRange;
  readonly impactThreshold: number;
  readonly l2: number;
  readonly seed: number;
  readonly promote?: boolean;
  readonly promoteIfNotWorse?: number;
}

interface ScoreOptions extends CommonOptions {
  readonly horizonDays?: number;
  readonly promote: boolean;
}

/** `tidemark score`: what drives retention, who will stay, what a customer is worth. */
export function define(command: Command, invocation: Invocation): void {
  command.addHelpText(
    'after',
    `
Only complete days count unless --as-of says otherwise, and a run that fails leaves nothing to be seen.
What the numbers mean, and what to do with them: docs/scoring.md.

Examples:
  npx tidemark score retention-drivers
  npx tidemark score users
  npx tidemark score customers --schedule "30 4 * * *"
  npx tidemark sql "SELECT * FROM latest_user_scores ORDER BY probability LIMIT 10"`,
  );
  defineDrivers(command.command('retention-drivers'), invocation);
  defineUsers(command.command('users'), invocation);
  defineCustomers(command.command('customers'), invocation);
  defineRuns(command.command('runs'), invocation);
  definePromote(command.command('promote'), invocation);
}

function commonOptions(command: Command): Command {
  return dataDirOption(command)
    .option('--as-of <day>', 'only days before this one count', dayOption)
    .option('--schedule <cron>', 'keep running, at these times of the configured time zone')
    .option('--json', 'print JSON');
}

function defineDrivers(command: Command, invocation: Invocation): void {
  commonOptions(command)
    .description(
      'what goes with being active four weeks after the first week: a logistic regression',
    )
    .option('--features <list>', 'what to learn from, separated by commas (see below)', listOption)
    .addOption(
      new Option('--feature-days <range>', 'days on which days, events and sum count')
        .argParser(rangeOption)
        .default({ from: 0, to: 6 }, '0..6'),
    )
    .option('--target-days <range>', 'active on any of these days = retained', rangeOption)
    .option('--impact-threshold <ratio>', 'show odds ratios this far from 1', aboveOne, 1.2)
    .option('--l2 <lambda>', 'penalty on the standardised coefficients', notNegative, 0)
    .option('--seed <n>', 'decides who is held out', wholeNumberOption(0, 2 ** 32 - 1), 1)
    .option('--promote', 'use this run from now on, whatever it found')
    .option('--promote-if-not-worse <x>', 'use it if its AUC is at most x below', notNegative)
    .addHelpText(
      'after',
      `
Features: days, events (of the user), days:EVENT_TYPE, events:EVENT_TYPE, sum:PROPERTY, platform, and every
column of dim_user_early_engagement. Without --features: the events by type, and the platform. Days are
counted from the user's creation, which is day 0. Without --target-days: is_retained_4_weeks.
The first run is promoted by itself, later ones only when that is asked for.

Examples:
  npx tidemark score retention-drivers --promote-if-not-worse 0.01
  npx tidemark score retention-drivers --features days,sum:amount --target-days 28..55`,
    )
    .action(async (options: DriverOptions) => {
      if (options.promote === true && options.promoteIfNotWorse !== undefined) {
        throw new UsageError('give --promote or --promote-if-not-worse, not both');
      }
      const { features = null, featureDays, targetDays = null, impactThreshold } = options;
      await scheduled('retention-drivers', options, invocation, async (client, signal) => {
        const [{ scoreRetention }, { promoteByRule }, { retentionReport }] = await Promise.all([
          import('../score/retention.ts'),
          import('../score/promotion.ts'),
          import('../score/report.ts'),
        ]);
        const { l2, seed, asOf } = options;
        const choice = { features, featureDays, targetDays };
        const result = await scoreRetention({
          client,
          choice,
          asOf,
          l2,
          seed,
          impactThreshold,
          signal,
        });
        const promotion = await promoteByRule(client, result.run, {
          always: options.promote === true,
          notWorseThan: options.promoteIfNotWorse,
        });
        const { probabilities: _, ...drivers } = result.drivers;
        tell(
          invocation,
          { options, text: retentionReport(result, impactThreshold), json: { ...result, drivers } },
          [...result.warnings, promotion.said],
        );
      });
    });
}

function defineUsers(command: Command, invocation: Invocation): void {
  commonOptions(command)
    .description('the probability of every user to be retained, by the promoted coefficients')
    .option('--no-promote', 'leave the latest_ view as it is')
    .addHelpText('after', '\nExample:\n  npx tidemark score users')
    .action(async (options: ScoreOptions) => {
      await scheduled('users', options, invocation, async (client, signal) => {
        const [{ scoreUsers }, { promote }, { usersReport }] = await Promise.all([
          import('../score/users.ts'),
          import('../score/promotion.ts'),
          import('../score/report.ts'),
        ]);
        const result = await scoreUsers({ client, asOf: options.asOf, signal });
        if (options.promote) await promote(client, result.run.run_id, 'each run of users is');
        tell(invocation, { options, text: usersReport(result), json: result }, result.warnings);
      });
    });
}

function defineCustomers(command: Command, invocation: Invocation): void {
  commonOptions(command)
    .description('segment, churn and expected value of every customer: RFM, BG/NBD and Gamma-Gamma')
    .option('--horizon-days <n>', 'days ahead (CLTV_HORIZON_DAYS)', wholeNumberOption(1, 3650))
    .option('--no-promote', 'leave the latest_ view and cltv_predicted as they are')
    .addHelpText('after', '\nExample:\n  npx tidemark score customers --horizon-days 180')
    .action(async (options: ScoreOptions) => {
      await scheduled('customers', options, invocation, async (client, signal) => {
        const [{ scoreCustomers }, { promote }, { customersReport }] = await Promise.all([
          import('../score/customers.ts'),
          import('../score/promotion.ts'),
          import('../score/report.ts'),
        ]);
        const { asOf, horizonDays } = options;
        const result = await scoreCustomers({ client, asOf, horizonDays, signal });
        if (options.promote) await promote(client, result.run.run_id, 'each run of customers is');
        tell(invocation, { options, text: customersReport(result), json: result }, result.warnings);
      });
    });
}

function defineRuns(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('list the runs, the latest first')
    .option('--limit <n>', 'runs at most', wholeNumberOption(1, 1_000_000), 20)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx tidemark score runs')
    .action(
      async (options: DataDirOption & { readonly limit: number; readonly json?: boolean }) => {
        const { listRuns } = await import('../score/promotion.ts');
        const configuration = configurationOf(invocation, options);
        await using warehouse = await openMigratedWarehouse(configuration, invocation);
        const runs = await listRuns(warehouse.client, options.limit);
        if (options.json === true) return printJson(invocation, runs);
        if (runs.length === 0) return say(invocation, 'Nothing was scored yet.');
        const header = [
          'run',
          'model',
          'as of',
          'rows',
          'AUC',
          'feature PSI',
          'score PSI',
          'in use',
        ];
        const digits = (value: number | null) => (value === null ? '-' : value.toFixed(4));
        const rows = runs.map((run) => [
          run.run_id,
          run.model,
          run.as_of,
          String(run.rows),
          digits(run.auc),
          digits(run.max_feature_psi),
          digits(run.score_psi),
          run.is_promoted ? 'yes' : '',
        ]);
        print(invocation, table(header, rows));
      },
    );
}

function definePromote(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('use a run from now on')
    .argument('<run>', 'its id')
    .addHelpText(
      'after',
      '\nExample:\n  npx tidemark score promote 0198f0c2-6a51-7c3e-9d5c-0a4f6a1f2b3c',
    )
    .action(async (run: string, options: DataDirOption) => {
      const { promote } = await import('../score/promotion.ts');
      const configuration = configurationOf(invocation, options);
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      const model = await promote(warehouse.client, run, 'score promote');
      say(invocation, `${run} is the run of ${model} in use`);
    });
}

async function scheduled(
  model: 'retention-drivers' | 'users' | 'customers',
  options: CommonOptions,
  invocation: Invocation,
  run: (client: ClickHouseClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { runScoring } = await import('../score/schedule.ts');
  const configuration = configurationOf(invocation, options);
  await runScoring({ model, configuration, invocation, schedule: options.schedule, run });
}

function tell(
  invocation: Invocation,
  { options, text, json }: { options: CommonOptions; text: string; json: unknown },
  remarks: readonly string[],
): void {
  if (options.json === true) printJson(invocation, json);
  else print(invocation, text);
  for (const remark of remarks) say(invocation, remark);
}

function dayOption(text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(text) && day.toJSON()?.startsWith(text) === true) return text;
  throw new InvalidArgumentError('It must be a day such as 2026-11-30.');
}

function rangeOption(text: string): DayRange {
  const [, from, to] = /^(\d{1,4})\.\.(\d{1,4})$/.exec(text) ?? [];
  if (Number(from) <= Number(to)) return { from: Number(from), to: Number(to) };
  throw new InvalidArgumentError('It must be days such as 28..55, the first not after the last.');
}

function listOption(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('It must be names separated by commas, such as days,sum:amount.');
}

function aboveOne(text: string): number {
  const value = Number(text);
  if (value >= 1 && value < Infinity) return value;
  throw new InvalidArgumentError('It must be a number of 1 or more.');
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It must be a number of 0 or more.');
}
