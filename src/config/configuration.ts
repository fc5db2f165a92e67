/** In: environment and command-line options. Out: one validated configuration, or everything that is wrong with it. */
import type { Knob } from './knob.ts';
import { KNOBS } from './knobs.ts';
import { masked } from './mask.ts';

type Sections = typeof KNOBS;

/** The effective settings, by section and name; see `knobs.ts` for what each means. */
export type Configuration = {
  readonly [S in keyof Sections]: {
    readonly [N in keyof Sections[S]]: Sections[S][N] extends Knob<infer T> ? T : never;
  };
};

export type Origin = 'environment' | 'flag' | 'default' | 'unset';

/** One setting as it is in effect, fit to be shown: secrets are masked. */
export interface Setting {
  readonly name: string;
  readonly flag: string | null;
  /** As a person would set it; null when unset. */
  readonly value: string | null;
  readonly origin: Origin;
  readonly fallback: string | null;
  readonly accepts: string;
  readonly meaning: string;
  /** What being unset means; null for a setting that has a default. */
  readonly whenUnset: string | null;
}

/** Where settings come from: the environment, and options of the command line by their variable's name. */
export interface SettingSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/** One or more settings have values that cannot be taken; the message has a line for each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'wrong_configuration';
  readonly retryable = false;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Throws a ConfigurationError that names every wrong setting. Unknown variables are nobody's business. */
export function readConfiguration(sources: SettingSources): Configuration {
  const problems: string[] = [];
  const sections = Object.entries(KNOBS).map(([section, knobs]) => [
    section,
    Object.fromEntries(
      Object.entries(knobs).map(([name, knob]: [string, Knob<unknown>]) => [
        name,
        parse(knob, sources, problems),
      ]),
    ),
  ]);
  const configuration = Object.fromEntries(sections) as Configuration;
  if (problems.length === 0) problems.push(...contradictions(configuration));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return configuration;
}

/** All settings in the order of their declaration, as they are in effect. Does not judge them. */
export function settings(sources: SettingSources): readonly Setting[] {
  return Object.values(KNOBS)
    .flatMap((knobs) => Object.values<Knob<unknown>>(knobs))
    .map((knob) => {
      const { text, origin } = given(knob, sources);
      return {
        name: knob.name,
        flag: knob.flag ?? null,
        value: text === undefined ? null : masked(text, knob.secret),
        origin,
        fallback: knob.fallback ?? null,
        accepts: knob.accepts,
        meaning: knob.meaning,
        whenUnset: knob.whenUnset ?? null,
      };
    });
}

function parse(knob: Knob<unknown>, sources: SettingSources, problems: string[]): unknown {
  const { text, origin } = given(knob, sources);
  if (text === undefined) return undefined;
  const parsed = knob.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const name = origin === 'flag' ? knob.flag : knob.name;
  problems.push(`${name} must be ${knob.accepts}, got "${masked(text, knob.secret)}"`);
  return undefined;
}

/** What was set, if anything; an empty variable counts as unset, as in most shells' scripts. */
function given(
  knob: Knob<unknown>,
  { environment, flags }: SettingSources,
): { readonly text: string | undefined; readonly origin: Origin } {
  const flag = flags?.[knob.name];
  if (flag !== undefined) return { text: flag, origin: 'flag' };
  const variable = environment[knob.name]?.trim() ?? '';
  if (variable !== '') return { text: variable, origin: 'environment' };
  return { text: knob.fallback, origin: knob.fallback === undefined ? 'unset' : 'default' };
}

/** What is wrong with settings that are each fine by themselves. */
function contradictions({ kafka, topics, rules, refresh }: Configuration): string[] {
  const problems: string[] = [];
  if (kafka.saslMechanism !== undefined) {
    if (kafka.saslUsername === undefined) {
      problems.push('KAFKA_SASL_USERNAME must be set when KAFKA_SASL_MECHANISM is, and is not');
    }
    if (kafka.saslPassword === undefined) {
      problems.push('KAFKA_SASL_PASSWORD must be set when KAFKA_SASL_MECHANISM is, and is not');
    }
  } else if (kafka.saslUsername !== undefined || kafka.saslPassword !== undefined) {
    problems.push(
      'KAFKA_SASL_MECHANISM must be set when KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD is, and is not',
    );
  }
  if (kafka.fetchBytes < kafka.fetchBytesPerPartition) {
    problems.push(
      `KAFKA_FETCH_BYTES must be at least KAFKA_FETCH_BYTES_PER_PARTITION (${kafka.fetchBytesPerPartition}), got "${kafka.fetchBytes}"`,
    );
  }
  const { eventsRetentionDays } = refresh;
  if (eventsRetentionDays !== undefined && eventsRetentionDays <= rules.lookbackDays) {
    problems.push(
      `EVENTS_RETENTION_DAYS must be more than LOOKBACK_DAYS (${rules.lookbackDays}), got "${eventsRetentionDays}"`,
    );
  }
  const seen = new Set<string>();
  for (const name of Object.values(topics)) {
    if (seen.has(name)) problems.push(`two streams have the topic "${name}"; each needs its own`);
    seen.add(name);
  }
  return problems;
}
