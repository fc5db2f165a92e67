/** In: what traffic is wanted. Out: the same in a topic or a file, and a summary. */
import { randomInt } from 'node:crypto';
import type { Configuration } from '../../config/configuration.ts';
import { FILE_FORMATS, formatOf } from '../../sources/file/open-rows.ts';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import type { DefectRates } from '../../traffic/defects.ts';
import type { ExpectedCounts } from '../../traffic/expectation.ts';
import { Traffic } from '../../traffic/traffic.ts';
import { UsageError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';
import { openKafka } from '../kafka.ts';
import { commandLogger } from '../logger.ts';
import { ProgressLine } from '../progress.ts';
import { configuredRegistry, schemaOf } from '../registry.ts';
import { sendTraffic, topicWithPartitions } from './send-traffic.ts';
import { writeTraffic } from './write-traffic.ts';

export interface GenerateOptions {
  readonly seed: number | undefined;
  /** Not together with `users`; DEFAULT_RECORDS when both are left out. */
  readonly records: number | undefined;
  readonly users: number | undefined;
  readonly days: number;
  /** Microseconds since 1970; now when left out. */
  readonly until: number | undefined;
  readonly rates: DefectRates;
  readonly partitions: number;
  readonly rate: number | undefined;
  /** Path of a file, instead of Kafka. */
  readonly out: string | undefined;
  readonly configuration: Configuration;
  readonly invocation: Invocation;
}

export interface GenerateSummary {
  /** The topic or the file. */
  readonly to: string;
  readonly seed: number;
  readonly until: string;
  readonly partitions: number | null;
  readonly records: number;
  /** Broken records that a file cannot hold, by reason. */
  readonly left_out: Readonly<Record<string, number>>;
  /**
   * What becomes of the records: of a topic that was empty with the configured rules, or of a file that
   * is taken in by itself without a lookback.
   */
  readonly expected: ExpectedCounts;
  readonly seconds: number;
}

const DEFAULT_RECORDS = 100_000;

export async function generate(options: GenerateOptions): Promise<GenerateSummary> {
  const now = Date.now() * 1000;
  const { seed = randomInt(2 ** 32), until = now, rates, records, users, invocation } = options;
  if (records !== undefined && users !== undefined) {
    throw new UsageError('--events and --users cannot both be given: one follows from the other');
  }
  if (until > now) {
    throw new UsageError('--until must not be after now: what is sent would be from the future');
  }
  if (rates.duplicates + rates.late + rates.future + rates.invalid > 0.8) {
    throw new UsageError(
      '--duplicates, --late, --future and --invalid must be at most 0.8 together',
    );
  }
  if (options.seed === undefined) say(invocation, `seed ${seed}`);
  const wanted: Wanted = {
    seed,
    until,
    days: options.days,
    rates,
    size: users === undefined ? { records: records ?? DEFAULT_RECORDS } : { users },
  };
  return options.out === undefined
    ? await toKafka(options, wanted)
    : await toFile(options, wanted, options.out);
}

type Wanted = Pick<Traffic['options'], 'seed' | 'until' | 'days' | 'rates' | 'size'>;

async function toKafka(options: GenerateOptions, wanted: Wanted): Promise<GenerateSummary> {
  const { configuration, invocation } = options;
  const topic = configuration.topics.appEvents;
  const schema = schemaOf(configuration, 'app-events');
  const registry = configuredRegistry(configuration);
  const schemaId = await registry.register({ stream: 'app-events', topic, schema });
  await using opened = await openKafka(configuration, invocation, commandLogger(configuration));
  const { kafka, brokers, embedded } = opened;
  if (embedded) say(invocation, `sending to the embedded Kafka broker at ${brokers.join(', ')}`);
  const { created, partitions } = await topicWithPartitions(kafka, topic, options.partitions);
  if (created) say(invocation, `created topic ${topic} with ${partitions} partitions`);
  const traffic = trafficOf({ ...wanted, partitions, rules: configuration.rules });

  const progress = new ProgressLine(invocation, 'generate');
  const { signal } = invocation;
  let sent = 0;
  const onProgress = (rows: number): void => {
    sent = rows;
    progress.tell({ rows, fraction: rows / traffic.records });
  };
  try {
    await sendTraffic({ kafka, topic, traffic, schemaId, rate: options.rate, signal, onProgress });
  } catch (error) {
    progress.end();
    say(invocation, `${sent} records were sent to ${topic} before it stopped`);
    throw error;
  }
  progress.end();
  return {
    ...summaryOf(topic, traffic, progress),
    partitions,
    records: sent,
    left_out: {},
    expected: traffic.expected,
  };
}

async function toFile(
  options: GenerateOptions,
  wanted: Wanted,
  path: string,
): Promise<GenerateSummary> {
  const { configuration, invocation } = options;
  const format = formatOfNew(path);
  const { timezone, lookbackDays } = configuration.rules;
  const traffic = trafficOf({
    ...wanted,
    partitions: 1,
    rules: { timezone, lookbackDays: Infinity },
    lateBeyondDays: lookbackDays,
  });
  const progress = new ProgressLine(invocation, 'generate');
  try {
    const { rows, leftOut } = await writeTraffic({
      path,
      format,
      traffic,
      schema: schemaOf(configuration, 'app-events'),
      signal: invocation.signal,
      onProgress: (done) => progress.tell({ rows: done, fraction: done / traffic.records }),
    });
    return {
      ...summaryOf(path, traffic, progress),
      partitions: null,
      records: rows,
      left_out: leftOut,
      expected: without(traffic.expected, leftOut),
    };
  } finally {
    progress.end();
  }
}

function trafficOf(options: Traffic['options']): Traffic {
  try {
    return new Traffic(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}: give less --users or --days`, { cause: error });
  }
}

function formatOfNew(path: string): FileFormat {
  try {
    return formatOf(path);
  } catch (error) {
    const known = FILE_FORMATS.map((format) => `.${format}`).join(', ');
    throw new UsageError(`--out must end in one of ${known}, got "${path}"`, { cause: error });
  }
}

function summaryOf(to: string, { options }: Traffic, progress: ProgressLine) {
  return {
    to,
    seed: options.seed,
    until: new Date(options.until / 1000).toISOString(),
    seconds: Number(progress.seconds.toFixed(3)),
  };
}

function without(
  expected: ExpectedCounts,
  leftOut: Readonly<Record<string, number>>,
): ExpectedCounts {
  const reasons = Object.entries(expected.reasons)
    .map(([reason, count]) => [reason, count - (leftOut[reason] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  const less = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
  return { ...expected, invalid: expected.invalid - less, reasons: Object.fromEntries(reasons) };
}
