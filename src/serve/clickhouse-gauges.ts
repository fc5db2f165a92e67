/** In: what the last look at ClickHouse found. Out: the metrics that say how it is. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface ClickHouseState {
  /** Whether the last look was answered. */
  readonly answers: boolean;
  /** Of each stored table, as last seen: the most active parts that one of its partitions has. */
  readonly parts: readonly { readonly table: string; readonly parts: number }[];
}

/** Nothing is shown before the first look. */
export function registerClickHouseGauges(
  registry: Registry,
  clickhouse: () => ClickHouseState | undefined,
): void {
  new Gauge({
    name: 'tidemark_clickhouse_up',
    help: 'Whether ClickHouse answered when it was last looked at: 1 or 0.',
    // A gauge that knows labels shows nothing until it is set.
    labelNames: ['none'],
    registers: [registry],
    collect() {
      this.reset();
      const state = clickhouse();
      if (state !== undefined) this.set(state.answers ? 1 : 0);
    },
  });
  new Gauge({
    name: 'tidemark_clickhouse_parts',
    help: 'Active parts of the partition that has most, by table; from 1000 on ClickHouse slows inserts down.',
    labelNames: ['table'],
    registers: [registry],
    collect() {
      this.reset();
      const state = clickhouse();
      if (state === undefined || !state.answers) return;
      for (const { table, parts } of state.parts) this.set({ table }, parts);
    },
  });
}
