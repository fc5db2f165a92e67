/** In: what the processor reports, and where the partitions are. Out: Prometheus metrics in text form. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer, OutcomeCount } from '../processor/observer.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import { registerBalanceGauges } from './balance-gauges.ts';
import type { BalanceState } from './balance-gauges.ts';
import { registerCheckGauges } from './check-gauges.ts';
import type { CheckState } from './check-gauges.ts';
import { registerClickHouseGauges } from './clickhouse-gauges.ts';
import type { ClickHouseState } from './clickhouse-gauges.ts';
import { registerGrowthGauges } from './growth-gauges.ts';
import type { GrowthState } from './growth-gauges.ts';
import { LagTracker } from './lag.ts';
import { LatenessHistogram } from './lateness-histogram.ts';
import { logName } from './partition-state.ts';
import type { PartitionState } from './partition-state.ts';
import { registerScoringGauges } from './scoring-gauges.ts';
import type { ScoringState } from './scoring-gauges.ts';
import { registerViewGauges } from './view-gauges.ts';
import type { ViewState } from './view-gauges.ts';

export interface MetricsOptions {
  readonly version: string;
  /** The commit that was built; `unknown` when nobody said. */
  readonly commit: string;
  /** The partitions that this process reads now. */
  readonly partitions: () => readonly PartitionState[];
  /** The stored marts. Default: none. */
  readonly views?: () => readonly ViewState[];
  /** Undefined = not known yet. Default: never known. */
  readonly balances?: () => BalanceState | undefined;
  /** The models that were ever scored with. Default: none. */
  readonly scoring?: () => readonly ScoringState[];
  /** What the last run of all checks found. Default: there was none. */
  readonly checks?: () => readonly CheckState[];
  /** Of days and months. Default: never known. */
  readonly growth?: () => readonly GrowthState[];
  /** Undefined = not known yet. Default: never known. */
  readonly clickhouse?: () => ClickHouseState | undefined;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** What is known of one partition; null where nothing is. */
export interface PartitionReport extends PartitionState {
  readonly lagEvents: number | null;
  readonly lagSeconds: number | null;
  /** Seconds since 1970. */
  readonly watermark: number | null;
  /** When this process last stored a progress line, seconds since 1970. */
  readonly lastCommit: number | null;
}

const PARTITION = ['topic', 'partition'] as const;

/**
 * The processor's observer and what Prometheus reads of it. The values of a partition are given only
 * while this process reads it and only when they are known, so that no metric shows a 0 that nobody saw.
 */
export class Metrics implements Observer {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #partitions: () => readonly PartitionState[];
  readonly #now: () => number;
  readonly #lags = new LagTracker();
  /** Per log: its newest line, and when it was stored in milliseconds since 1970. */
  readonly #lines = new Map<string, { line: ProgressLine; storedAt: number | null }>();
  readonly #cached = new Map<string, number>();

  readonly #events: Counter<'stream' | 'outcome' | 'reason'>;
  readonly #lateness = new LatenessHistogram(
    'tidemark_event_lateness_seconds',
    "How far accepted and late events were behind their source's watermark; events at its front are not counted.",
  );
  readonly #insertDuration: Histogram<'table'>;
  readonly #insertRows: Counter<'table'>;
  readonly #retries: Counter<'operation'>;
  readonly #loads: Counter;
  readonly #ofPartition: readonly {
    readonly gauge: Gauge<(typeof PARTITION)[number]>;
    readonly value: (report: PartitionReport) => number | null;
  }[];

  constructor({
    version,
    commit,
    partitions,
    views = () => [],
    balances = () => undefined,
    scoring = () => [],
    checks = () => [],
    growth = () => [],
    clickhouse = () => undefined,
    now = Date.now,
  }: MetricsOptions) {
    this.#partitions = partitions;
    this.#now = now;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    // Gauges named like counters; the ones by type say the same.
    for (const kind of ['handles', 'requests', 'resources']) {
      this.#registry.removeSingleMetric(`nodejs_active_${kind}_total`);
    }
    registerViewGauges(this.#registry, views, now);
    registerBalanceGauges(this.#registry, balances);
    registerScoringGauges(this.#registry, scoring);
    registerCheckGauges(this.#registry, checks);
    registerGrowthGauges(this.#registry, growth);
    registerClickHouseGauges(this.#registry, clickhouse);
    new Gauge({
      name: 'tidemark_build_info',
      help: 'What is running; always 1.',
      labelNames: ['version', 'commit'],
      registers,
    }).set({ version, commit }, 1);
    this.#events = new Counter({
      name: 'tidemark_events_total',
      help: 'Records by what became of them, counted when that is stored; the reason is empty when there is none.',
      labelNames: ['stream', 'outcome', 'reason'],
      registers,
    });
    this.#insertDuration = new Histogram({
      name: 'tidemark_insert_duration_seconds',
      help: 'Time from the start of an insert to its acknowledgement, retries included.',
      labelNames: ['table'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    this.#insertRows = new Counter({
      name: 'tidemark_insert_rows_total',
      help: 'Rows inserted, by table.',
      labelNames: ['table'],
      registers,
    });
    this.#retries = new Counter({
      name: 'tidemark_retries_total',
      help: 'Operations that failed and were tried again.',
      labelNames: ['operation'],
      registers,
    });
    this.#loads = new Counter({
      name: 'tidemark_user_day_loads_total',
      help: 'User-days read back from ClickHouse because they were not in memory.',
      registers,
    });
    const cached = this.#cached;
    new Gauge({
      name: 'tidemark_cached_user_days',
      help: 'User-days held in memory.',
      registers,
      collect() {
        this.set([...cached.values()].reduce((sum, count) => sum + count, 0));
      },
    });
    const gauge = (name: string, help: string) =>
      new Gauge({ name: `tidemark_${name}`, help, labelNames: PARTITION, registers });
    this.#ofPartition = [
      {
        gauge: gauge('consumer_lag_events', 'Records of the partition that are not stored yet.'),
        value: (report) => report.lagEvents,
      },
      {
        gauge: gauge(
          'consumer_lag_seconds',
          'Age of the oldest record that is not stored yet, at most; 0 when all are. Grows while no broker answers.',
        ),
        value: (report) => report.lagSeconds,
      },
      {
        gauge: gauge('watermark_timestamp_seconds', 'Largest accepted event time so far.'),
        value: (report) => report.watermark,
      },
      {
        gauge: gauge('last_commit_timestamp_seconds', 'When progress was last stored.'),
        value: (report) => report.lastCommit,
      },
    ];
  }

  /** A partition was taken up at this line: its watermark is known from now on. */
  resumed(log: string, line: ProgressLine): void {
    this.#remember(log, line, null);
  }

  committed(log: string, line: ProgressLine, outcomes: readonly OutcomeCount[]): void {
    const { stream } = line;
    this.#remember(log, line, this.#now());
    for (const { outcome, reason, count } of outcomes) {
      this.#events.inc({ stream, outcome, reason }, count);
    }
  }

  lateness(_stream: string, seconds: number): void {
    this.#lateness.count(seconds);
  }

  inserted(table: string, rows: number, seconds: number): void {
    this.#insertDuration.observe({ table }, seconds);
    this.#insertRows.inc({ table }, rows);
  }

  retried(operation: string): void {
    this.#retries.inc({ operation });
  }

  loaded(entityDays: number): void {
    this.#loads.inc(entityDays);
  }

  cached(log: string, entityDays: number): void {
    if (entityDays === 0) this.#cached.delete(log);
    else this.#cached.set(log, entityDays);
  }

  /** Where the partitions of this process are now. */
  reports(): readonly PartitionReport[] {
    const partitions = this.#partitions();
    const logs = new Set(partitions.map(logName));
    this.#lags.keepOnly(logs);
    for (const log of this.#lines.keys()) if (!logs.has(log)) this.#lines.delete(log);
    const now = this.#now();
    return partitions.map((state) => {
      const { events, seconds } = this.#lags.lag(state, now);
      const known = this.#lines.get(logName(state));
      const watermark = known?.line.watermark ?? null;
      const storedAt = known?.storedAt ?? null;
      return {
        ...state,
        lagEvents: events,
        lagSeconds: seconds,
        watermark: watermark === null ? null : watermark / 1_000_000,
        lastCommit: storedAt === null ? null : storedAt / 1000,
      };
    });
  }

  /** All of it, in Prometheus' text format. */
  async text(): Promise<string> {
    const reports = this.reports();
    for (const { gauge, value } of this.#ofPartition) {
      gauge.reset();
      for (const report of reports) {
        const known = value(report);
        const { topic, partition } = report;
        if (known !== null) gauge.set({ topic, partition }, known);
      }
    }
    return `${await this.#registry.metrics()}\n${this.#lateness.text()}`;
  }

  #remember(log: string, line: ProgressLine, storedAt: number | null): void {
    this.#lags.stored(log, line.lastRecordTime);
    this.#lines.set(log, { line, storedAt });
  }
}
