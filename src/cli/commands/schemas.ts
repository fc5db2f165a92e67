import type { Command } from 'commander';
import { WorkError } from '../exit-status.ts';
import { print, printJson } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import { configurationOf, dataDirOption } from '../options.ts';
import type { DataDirOption } from '../options.ts';
import { table } from '../table.ts';

interface Options extends DataDirOption {
  readonly json?: boolean;
}

/** `tidemark schemas`: whether the streams' schemas and the registry go together, and registering them. */
export function define(command: Command, invocation: Invocation): void {
  command.addHelpText(
    'after',
    '\nExample:\n  SCHEMA_REGISTRY_URL=http://localhost:8081 npx tidemark schemas check',
  );
  defineCheck(command.command('check'), invocation);
  defineRegister(command.command('register'), invocation);
}

function defineCheck(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('compare the schemas of the streams with the registry')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Every version that is registered must be readable, and the stream's own schema be
registered or acceptable. Ends with status 1 when it is not so.

Example:
  SCHEMA_REGISTRY_URL=http://localhost:8081 npx tidemark schemas check`,
    )
    .action(async (options: Options) => {
      const { checkSchemas } = await import('../check-schemas.ts');
      const checks = await checkSchemas(configurationOf(invocation, options));
      if (options.json === true) printJson(invocation, checks);
      else {
        const header = ['stream', 'subject', 'status', 'versions', 'id', 'why'];
        const rows = checks.map(({ stream, subject, status, versions, id, problems }) => [
          stream,
          subject,
          status,
          String(versions),
          String(id ?? '-'),
          problems.join('; '),
        ]);
        print(invocation, table(header, rows));
      }
      const wrong = checks.filter(({ status }) => status === 'incompatible');
      failOver(
        wrong.map(({ stream }) => stream),
        'cannot be used with what the registry holds',
      );
    });
}

function defineRegister(command: Command, invocation: Invocation): void {
  dataDirOption(command)
    .description('register the schemas of the streams; those that are registered stay as they are')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  SCHEMA_REGISTRY_URL=http://localhost:8081 npx tidemark schemas register',
    )
    .action(async (options: Options) => {
      const { registerSchemas } = await import('../check-schemas.ts');
      const all = await registerSchemas(configurationOf(invocation, options));
      if (options.json === true) printJson(invocation, all);
      else {
        const rows = all.map(({ stream, subject, status, id, problems }) => [
          stream,
          subject,
          status,
          String(id ?? '-'),
          problems.join('; '),
        ]);
        print(invocation, table(['stream', 'subject', 'status', 'id', 'why'], rows));
      }
      failOver(
        all.filter(({ status }) => status === 'refused').map(({ stream }) => stream),
        'is refused by the registry',
      );
    });
}

function failOver(streams: readonly string[], what: string): void {
  if (streams.length > 0) throw new WorkError(`the schema of ${streams.join(', ')} ${what}`);
}
