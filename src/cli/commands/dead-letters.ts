import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { filterOptions } from '../cold/dead-letter-filter.ts';
import type { DeadLetterFilter } from '../cold/dead-letter-filter.ts';
import { WorkError } from '../exit-status.ts';
import { hexDump } from '../hex-dump.ts';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, wholeNumberOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { DeadLetterGroup, DeadLetterRecord } from '../cold/read-dead-letters.ts';
import { configuredRegistry } from '../registry.ts';
import { table } from '../table.ts';
import { defineReplay } from './dead-letters-replay.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

interface ListOptions extends DataDirOption, DeadLetterFilter {
  readonly limit: number;
  readonly json?: boolean;
}

interface ShowOptions extends DataDirOption {
  readonly json?: boolean;
}

/** `tidemark dead-letters`: what was refused or late, and why. */
export function define(command: Command, invocation: Invocation): void {
  command.addHelpText('after', '\nExample:\n  npx tidemark dead-letters list --since 2026-01-01');
  defineList(command.command('list'), invocation);
  defineShow(command.command('show'), invocation);
  defineReplay(command.command('replay'), invocation);
}

function defineList(command: Command, invocation: Invocation): void {
  filterOptions(dataDirOption(command))
    .description('count what was refused or late by source and reason')
    .option('--limit <n>', 'rows at most', wholeNumberOption(1, 1_000_000), 100)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx tidemark dead-letters list --reason late')
    .action(async (options: ListOptions) => {
      const configuration = configurationOf(invocation, options);
      const { countDeadLetters } = await import('../cold/read-dead-letters.ts');
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      // One more than is shown tells that there are more.
      const groups = await countDeadLetters(warehouse.client, options, options.limit + 1);
      const shown = groups.slice(0, options.limit);
      if (options.json === true) printJson(invocation, shown);
      else if (shown.length === 0) say(invocation, 'Nothing was refused or late.');
      else print(invocation, asTable(shown));
      if (groups.length > shown.length) say(invocation, 'There are more: see --limit.');
    });
}

function asTable(groups: readonly DeadLetterGroup[]): string {
  const header = [
    'stream',
    'source',
    'outcome',
    'reason',
    'records',
    'done',
    'first',
    'last',
    'example',
  ];
  return table(
    header,
    groups.map(({ stream, source, outcome, reason, ...group }) => [
      stream,
      source,
      outcome,
      reason,
      String(group.records),
      String(group.done),
      group.first_at,
      group.last_at,
      String(group.example_offset),
    ]),
  );
}

function defineShow(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('show one record that was refused or late')
    .argument('<source>', 'its source, such as app-events/0')
    .argument('<offset>', 'its offset in the source', offsetArgument)
    .option('--json', 'print JSON, with all bytes of the value')
    .addHelpText(
      'after',
      `
A Kafka record's headers are with its copy in the topic <topic>-dead-letters.

Example:
  npx tidemark dead-letters show app-events/0 1234`,
    )
    .action(async (source: string, offset: number, options: ShowOptions) => {
      const configuration = configurationOf(invocation, options);
      const { readDeadLetter } = await import('../cold/read-dead-letters.ts');
      await using warehouse = await openMigratedWarehouse(configuration, invocation);
      const registry = configuredRegistry(configuration);
      const records = await readDeadLetter(warehouse.client, registry, source, offset);
      if (records.length === 0) {
        throw new WorkError(
          `nothing that was refused or late is at offset ${offset} of ${source}: ` +
            '`tidemark dead-letters list` names sources and offsets',
        );
      }
      if (options.json === true) printJson(invocation, records);
      else print(invocation, records.map(inWords).join('\n\n'));
    });
}

function inWords(record: DeadLetterRecord): string {
  const { outcome, reason, meaning, fields, key_hex: key, value_hex: value } = record;
  const facts = [
    ['stream', record.stream],
    ['source', record.source],
    ['offset', String(record.offset)],
    ['outcome', outcome],
    ['reason', outcome === reason ? meaning : `${reason}: ${meaning}`],
    ['record time', record.record_time ?? 'none'],
    ['stored', record.stored_at],
    [outcome === 'late' ? 'applied' : 'replayed', record.done_at ?? 'no'],
    ...(key === null ? [] : [['key', keyText(key)]]),
  ] as const;
  const lines = facts.map(([name = '', fact = '']) => `${name.padEnd(12)}${fact}`);
  if (fields !== null) {
    lines.push(record.decoded === 'writer' ? "fields, by its writer's schema" : 'fields');
    const json = JSON.stringify(fields, null, 2).split('\n').slice(1, -1);
    lines.push(...json.map(withoutControls));
  } else if (value === null) {
    lines.push('it has no value');
  } else {
    lines.push(`value, ${value.length / 2} bytes`, hexDump(Buffer.from(value, 'hex')));
  }
  return lines.join('\n');
}

/** JSON leaves some characters as they are that tell a terminal to do something. */
function withoutControls(line: string): string {
  return line.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function keyText(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  const text = bytes.toString('utf8');
  const readable = Buffer.from(text, 'utf8').equals(bytes) && !/\p{Cc}/u.test(text);
  return readable ? text : `0x${hex}`;
}

function offsetArgument(text: string): number {
  const offset = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
