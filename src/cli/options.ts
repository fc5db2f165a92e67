/** Options that several commands have, and the kinds of values that options take. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { readConfiguration } from '../config/configuration.ts';
import type { Configuration, SettingSources } from '../config/configuration.ts';
import type { Invocation } from './invocation.ts';

export interface DataDirOption {
  readonly dataDir?: string;
}

export function dataDirOption(command: Command): Command {
  return command.option('--data-dir <folder>', 'folder of everything embedded (TIDEMARK_DATA_DIR)');
}

/** Where the settings of this invocation come from. */
export function settingSources(
  { environment }: Invocation,
  { dataDir }: DataDirOption,
): SettingSources {
  return { environment, flags: { TIDEMARK_DATA_DIR: dataDir } };
}

/** Throws a ConfigurationError when any setting is wrong. */
export function configurationOf(invocation: Invocation, options: DataDirOption): Configuration {
  return readConfiguration(settingSources(invocation, options));
}

/** A parser of an option's value. */
export function wholeNumberOption(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) {
      throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
    }
    return value;
  };
}

/** A parser of an option that may be given several times. */
export function repeatable(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
