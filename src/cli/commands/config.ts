import type { Command } from 'commander';
import { readConfiguration, settings } from '../../config/configuration.ts';
import type { Setting } from '../../config/configuration.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { dataDirOption, settingSources } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { table } from '../table.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
}

/** `tidemark config`: the settings in effect. Shows them even when some are wrong, and then ends with 2. */
export function define(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  LOOKBACK_DAYS=3 npx tidemark config')
    .action((options: Options) => {
      const sources = settingSources(invocation, options);
      const all = settings(sources);
      if (options.json === true) printJson(invocation, all);
      else print(invocation, asTable(all));
      readConfiguration(sources);
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
