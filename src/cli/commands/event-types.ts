import { Option } from 'commander';
import type { Command } from 'commander';
import { print, printJson, say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption, repeatable } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import type { EventTypeChange, EventTypeRow } from '../event-type-rows.ts';
import { table } from '../table.ts';
import { openMigratedWarehouse } from '../warehouse.ts';
import type { Warehouse } from '../warehouse.ts';

interface ListOptions extends DataDirOption {
  readonly json?: boolean;
}

interface SetOptions extends DataDirOption {
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly serverSide?: boolean;
  readonly clientSide?: boolean;
  readonly miles?: EventTypeRow['miles'];
  readonly label?: string;
  readonly alias?: readonly string[];
  readonly description?: string;
}

const TAKEN_UP = 'processors take it up when they start';

/** `tidemark event-types`: lists the catalogue, changes an entry, closes and opens it. */
export function define(command: Command, invocation: Invocation): void {
  command.addHelpText(
    'after',
    '\nExample:\n  npx tidemark event-types set package_lost --server-side --inactive',
  );
  defineList(command.command('list'), invocation);
  defineSet(command.command('set'), invocation);
  for (const closed of [true, false]) defineClosing(command, closed, invocation);
}

function defineList(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('show all event types')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx tidemark event-types list')
    .action(async (options: ListOptions) => {
      await using warehouse = await open(invocation, options);
      const { isClosed, readEventTypes } = await import('../event-type-rows.ts');
      const rows = await readEventTypes(warehouse.client);
      const closed = await isClosed(warehouse.client);
      if (options.json === true) {
        printJson(invocation, { closed, event_types: rows });
        return;
      }
      print(invocation, asTable(rows));
      say(
        invocation,
        closed
          ? 'The catalogue is closed: other types are invalid.'
          : 'The catalogue is open: other types are accepted and listed.',
      );
    });
}

function asTable(rows: readonly EventTypeRow[]): string {
  return table(
    ['event_type', 'label', 'active', 'server_side', 'miles', 'aliases', 'description'],
    rows.map((row) => [
      row.event_type,
      row.label,
      row.counts_as_active ? 'yes' : 'no',
      row.server_side ? 'yes' : 'no',
      row.miles,
      row.aliases.join(', '),
      row.description,
    ]),
  );
}

function defineSet(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('add an event type, or change what is given of one')
    .argument('<name>', 'the event type, in snake_case')
    .addOption(new Option('--active', 'it counts as activity of its user').conflicts('inactive'))
    .option('--inactive', 'it does not')
    .addOption(
      new Option('--server-side', 'a server sends it without the user').conflicts('clientSide'),
    )
    .option('--client-side', 'the user is there when it happens')
    .addOption(
      new Option('--miles <kind>', 'what its miles_amount is').choices([
        'earned',
        'redeemed',
        'none',
      ]),
    )
    .option('--label <text>', 'name for people')
    .option(
      '--alias <name>',
      'another name under which it is sent; repeatable, replaces all',
      repeatable,
    )
    .option('--description <text>', 'what it means')
    .addHelpText(
      'after',
      '\nExample:\n  npx tidemark event-types set miles_gifted --miles redeemed',
    )
    .action(async (name: string, options: SetOptions) => {
      const { setEventType } = await import('../event-type-rows.ts');
      await using warehouse = await open(invocation, options);
      const row = await setEventType(warehouse.client, name, changeOf(options));
      print(invocation, asTable([row]));
      say(invocation, `Stored; ${TAKEN_UP}.`);
    });
}

function changeOf(options: SetOptions): EventTypeChange {
  const { miles, label, alias, description } = options;
  const active = options.inactive === true ? false : options.active;
  const serverSide = options.clientSide === true ? false : options.serverSide;
  return {
    ...(active === undefined ? {} : { counts_as_active: active }),
    ...(serverSide === undefined ? {} : { server_side: serverSide }),
    ...(miles === undefined ? {} : { miles }),
    ...(label === undefined ? {} : { label }),
    ...(alias === undefined ? {} : { aliases: alias }),
    ...(description === undefined ? {} : { description }),
  };
}

function defineClosing(command: Command, closed: boolean, invocation: Invocation): void {
  dataDirOption(command.command(closed ? 'close' : 'open'))
    .description(closed ? 'make unknown event types invalid' : 'accept unknown event types')
    .addHelpText('after', `\nExample:\n  npx tidemark event-types ${closed ? 'close' : 'open'}`)
    .action(async (options: DataDirOption) => {
      const { setClosed } = await import('../event-type-rows.ts');
      await using warehouse = await open(invocation, options);
      await setClosed(warehouse.client, closed, configurationOf(invocation, options));
      say(invocation, `The catalogue is ${closed ? 'closed' : 'open'}; ${TAKEN_UP}.`);
    });
}

function open(invocation: Invocation, options: DataDirOption): Promise<Warehouse> {
  return openMigratedWarehouse(configurationOf(invocation, options), invocation);
}
