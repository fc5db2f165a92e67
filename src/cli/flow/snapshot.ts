/** In: the metrics of a processor as text, its own or another's over HTTP. Out: what flows, at a glance. */

export const OUTCOMES = ['accepted', 'duplicate', 'late', 'future', 'invalid'] as const;

/** How a processor is doing at one moment; null where it is not known (yet). */
export interface FlowSnapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Records so far whose outcome is stored. */
  readonly outcomes: Readonly<Record<(typeof OUTCOMES)[number], number>>;
  /** Partitions whose lag is known. */
  readonly partitions: number;
  /** Records in the logs that are not stored yet. */
  readonly lagEvents: number | null;
  /** Age of the oldest of them, in seconds; 0 when there are none. */
  readonly lagSeconds: number | null;
  /** Of the partition that is furthest behind, in seconds since 1970. */
  readonly watermark: number | null;
  /** When progress was last stored, in seconds since 1970. */
  readonly lastWrite: number | null;
}

const LINE = /^tidemark_(\w+?)(?:\{(.*)\})? (\S+)$/;

/** Takes Prometheus' text format; metrics of other names are passed over. */
export function readFlow(metrics: string, at: number): FlowSnapshot {
  const outcomes = { accepted: 0, duplicate: 0, late: 0, future: 0, invalid: 0 };
  const gauges = new Map<string, number[]>();
  for (const line of metrics.split('\n')) {
    const [, name, labels = '', text] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const value = Number(text);
    if (name === 'events_total') {
      const outcome = /outcome="(\w+)"/.exec(labels)?.[1];
      for (const known of OUTCOMES) if (known === outcome) outcomes[known] += value;
    } else {
      gauges.set(name, [...(gauges.get(name) ?? []), value]);
    }
  }
  const lags = gauges.get('consumer_lag_events') ?? [];
  const over = (name: string, choose: (...values: number[]) => number): number | null => {
    const values = gauges.get(name);
    return values === undefined ? null : choose(...values);
  };
  return {
    at,
    outcomes,
    partitions: lags.length,
    lagEvents: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
    lagSeconds: over('consumer_lag_seconds', Math.max),
    watermark: over('watermark_timestamp_seconds', Math.min),
    lastWrite: over('last_commit_timestamp_seconds', Math.max),
  };
}

export function processedBy({ outcomes }: FlowSnapshot): number {
  return OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
}
