import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readConfiguration, settings } from '../../config/configuration.ts';
import type { Configuration, Setting } from '../../config/configuration.ts';
import type { Rules } from '../../streams/rules.ts';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { dataDirOption, settingSources } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { table } from '../table.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** The rules that a database was last processed with. */
interface RecordedRules {
  readonly epoch: number;
  readonly TIMEZONE: string;
  readonly LOOKBACK_DAYS: number | 'unlimited';
  readonly MIN_EVENT_TIME: string;
  readonly SESSION_GAP_SECONDS: number;
  readonly MAX_FUTURE_SKEW_SECONDS: number;
  readonly event_types_closed: boolean;
}

/** `tidemark config`: the settings in effect. Shows them even when some are wrong, and then ends with 2. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--json', 'print JSON')
    .option('--markdown', 'print the documentation of all settings')
    .addHelpText('after', '\nExample:\n  LOOKBACK_DAYS=3 npx tidemark config')
    .action(async (options: Options) => {
      if (options.markdown === true) {
        const { settingsAsMarkdown } = await import('../../config/markdown.ts');
        invocation.stdout.write(settingsAsMarkdown());
        return;
      }
      const sources = settingSources(invocation, options);
      const all = settings(sources);
      if (options.json !== true) print(invocation, asTable(all));
      const configuration = readConfiguration(sources);
      const recorded = await rulesInDatabase(configuration, invocation);
      if (options.json === true) printJson(invocation, { settings: all, database: recorded });
      else if (recorded !== null) print(invocation, `\n${asText(recorded)}`);
    });
}

function asTable(all: readonly Setting[]): string {
  return table(
    ['setting', 'value', 'from', 'meaning'],
    all.map(({ name, value, origin, meaning, whenUnset }) => [
      name,
      value ?? '(unset)',
      origin,
      value === null ? `${meaning} Unset: ${whenUnset}.` : meaning,
    ]),
  );
}

function asText(recorded: RecordedRules): string {
  const rows = Object.entries(recorded).map(([name, value]) => [name, String(value)]);
  return `Rules in the database; a processor that starts records those above instead:\n${table(['rule', 'value'], rows)}`;
}

/** Null when there is no database yet, or none that answers. */
async function rulesInDatabase(
  configuration: Configuration,
  invocation: Invocation,
): Promise<RecordedRules | null> {
  const { clickhouse, storage } = configuration;
  if (clickhouse.url === undefined && !existsSync(storage.dataDir)) return null;
  try {
    const { openMigratedWarehouse } = await import('../warehouse.ts');
    const { readNewestRules } = await import('../../warehouse/rules-store.ts');
    await using warehouse = await openMigratedWarehouse(configuration, invocation);
    const rules = await readNewestRules(warehouse.client);
    return rules === undefined ? null : recordedRules(rules);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(invocation, `The rules in the database cannot be shown: ${reason}`);
    return null;
  }
}

function recordedRules(rules: Rules): RecordedRules {
  return {
    epoch: rules.epoch,
    TIMEZONE: rules.timezone,
    LOOKBACK_DAYS: rules.lookbackDays === Infinity ? 'unlimited' : rules.lookbackDays,
    MIN_EVENT_TIME: new Date(rules.minEventTime / 1000).toISOString(),
    SESSION_GAP_SECONDS: rules.sessionGapSeconds,
    MAX_FUTURE_SKEW_SECONDS: rules.maxFutureSkewSeconds,
    event_types_closed: rules.eventTypes.closed,
  };
}
