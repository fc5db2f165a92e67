/** In: a scenario and servers. Out: it is played, and what came of it. */
import type { KafkaSide } from '../integration/world.ts';
import { openArena } from './arena.ts';
import type { Arena, Recovery } from './arena.ts';
import { clickHouseSide } from './clickhouse-side.ts';
import type { ClickHouseSide } from './clickhouse-side.ts';

export interface Scenario {
  readonly name: string;
  /** Where it can be played; everywhere when left out. */
  readonly needs?: 'a real Kafka' | 'a small disk';
  /** Played on both kinds of Kafka, where there are both. */
  readonly both?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Starts processors, does harm, mends it, and leaves a processor at work. */
  play(arena: Arena): Promise<void>;
}

export interface PlayOptions {
  readonly kafka: KafkaSide;
  readonly clickhouse: ClickHouseSide;
  readonly seed: number;
  readonly records: number;
  /** Records a second. */
  readonly rate: number;
}

export interface Played {
  readonly seconds: number;
  readonly sent: number;
  /** What is not as it has to be; empty when all is well. */
  readonly differences: readonly string[];
  readonly recoveries: readonly Recovery[];
  readonly notes: readonly string[];
}

export async function play(scenario: Scenario, options: PlayOptions): Promise<Played> {
  const started = performance.now();
  const ofItsOwn =
    scenario.needs === 'a small disk' ? await clickHouseSide({ disk: 'small' }) : undefined;
  try {
    await using arena = await openArena({
      ...options,
      clickhouse: ofItsOwn ?? options.clickhouse,
      ...(scenario.settings && { settings: scenario.settings }),
    });
    await scenario.play(arena);
    const differences = await arena.judge();
    return {
      seconds: (performance.now() - started) / 1000,
      sent: arena.load.sent,
      differences,
      recoveries: arena.recoveries,
      notes: arena.notes,
    };
  } finally {
    await ofItsOwn?.[Symbol.asyncDispose]();
  }
}
