/** In: the words of a command line. Out: its exit status, and what the command wrote. */
import { Command, CommanderError } from 'commander';
import { onCrash } from './crash.ts';
import { EXIT, exitStatusOf, explanationOf } from './exit-status.ts';
import { onInterrupt } from './interrupt.ts';
import type { Invocation } from './invocation.ts';
import { say } from './invocation.ts';

/** Makes the command; loaded only when it is the one that was asked for. */
interface CommandModule {
  define(command: Command, invocation: Invocation): void;
}

interface CommandEntry {
  readonly about: string;
  readonly load: () => Promise<CommandModule>;
  /** Runs unattended: where nobody reads along, its last words are for logs. */
  readonly service?: boolean;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    about: 'show the whole way of events, in one go',
    load: () => import('./commands/demo.ts'),
  },
  up: {
    about: 'start everything that is needed, for your own producers',
    load: () => import('./commands/up.ts'),
  },
  run: {
    about: 'process Kafka into ClickHouse until stopped',
    load: () => import('./commands/run.ts'),
    service: true,
  },
  ingest: {
    about: 'add the rows of files to the tables, without Kafka',
    load: () => import('./commands/ingest.ts'),
  },
  reprocess: {
    about: 'apply late events',
    load: () => import('./commands/reprocess.ts'),
  },
  produce: {
    about: 'send the rows of files to Kafka as Avro',
    load: () => import('./commands/produce.ts'),
  },
  generate: {
    about: 'send realistic app events from a seed to Kafka, or write them to a file',
    load: () => import('./commands/generate.ts'),
  },
  migrate: {
    about: 'create or upgrade the ClickHouse schema',
    load: () => import('./commands/migrate.ts'),
  },
  refresh: {
    about: 'bring every derived table up to date now',
    load: () => import('./commands/refresh.ts'),
  },
  check: {
    about: 'check that what is stored adds up',
    load: () => import('./commands/check.ts'),
  },
  score: {
    about: 'score users and customers: what drives retention, who stays, what they are worth',
    load: () => import('./commands/score.ts'),
  },
  status: {
    about: 'show lag, watermarks and outcomes by reason',
    load: () => import('./commands/status.ts'),
  },
  sql: {
    about: 'run a query and print its result',
    load: () => import('./commands/sql.ts'),
  },
  'event-types': {
    about: 'list and change the catalogue of event types',
    load: () => import('./commands/event-types.ts'),
  },
  'dead-letters': {
    about: 'list, show and replay what was refused or late',
    load: () => import('./commands/dead-letters.ts'),
  },
  forget: {
    about: 'erase a person, and keep what comes of them from being stored',
    load: () => import('./commands/forget.ts'),
  },
  schemas: {
    about: 'compare the schemas of the streams with the registry, or register them',
    load: () => import('./commands/schemas.ts'),
  },
  config: {
    about: 'show the effective settings, their origin and meaning',
    load: () => import('./commands/config.ts'),
  },
};

/** Never rejects; whatever goes wrong is explained on stderr and is in the status. */
export async function main(
  argv: readonly string[],
  { environment, stdout, stderr }: Omit<Invocation, 'signal'> = {
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  },
): Promise<number> {
  using interrupt = onInterrupt();
  const unattended = COMMANDS[argv[0] ?? '']?.service === true && stderr.isTTY !== true;
  const { logFatal } = unattended ? await import('./logger.ts') : {};
  using _crash = logFatal && onCrash((error) => logFatal(stderr, error, EXIT.fault));
  const invocation: Invocation = { environment, stdout, stderr, signal: interrupt.signal };
  try {
    const program = await programFor(argv, invocation);
    await program.parseAsync(argv, { from: 'user' });
    return interrupt.status ?? EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (interrupt.signal.aborted) return interrupt.status ?? EXIT.interrupted;
    const status = exitStatusOf(error);
    if (logFatal === undefined) say(invocation, `tidemark: ${explanationOf(error)}`);
    else logFatal(stderr, error, status);
    return status;
  }
}

async function programFor(argv: readonly string[], invocation: Invocation): Promise<Command> {
  const { stdout, stderr } = invocation;
  const program = new Command('tidemark')
    .description('Exact per-user-per-day aggregates in ClickHouse from app events in Kafka.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .addHelpText(
      'after',
      `
Settings come from the environment; \`tidemark config\` lists them.
Exit status: 0 done, 1 a fault was found, 2 wrong usage or configuration,
3 something needed cannot be reached, 130 interrupted.`,
    );
  const wanted = argv[0] === 'help' ? argv[1] : argv[0];
  for (const [name, { about, load }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .description(about)
      .showHelpAfterError(`(see tidemark ${name} --help)`);
    if (name === wanted) (await load()).define(command, invocation);
  }
  return program;
}
