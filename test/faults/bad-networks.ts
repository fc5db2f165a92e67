/** Networks between the processor and its servers that do what they like, and servers that are away. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processor } from '../integration/run-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Arena } from './arena.ts';
import type { Proxy } from './proxy.ts';
import { openRegistryStub } from './registry-stub.ts';
import type { Scenario } from './scenario.ts';

const networkToClickHouse: Scenario = {
  name: 'a bad network to ClickHouse',
  play: (arena) => troubled(arena, arena.toClickHouse, 'ClickHouse'),
};

const networkToKafka: Scenario = {
  name: 'a bad network to Kafka',
  play: (arena) => troubled(arena, arena.toKafka, 'Kafka'),
};

async function troubled(arena: Arena, proxy: Proxy, server: string): Promise<void> {
  await arena.run();
  await arena.goesOn('the first start');
  let cut = 0;
  for (let round = 0; round < 3; round++) {
    await arena.anyMoment(0, 700);
    cut += proxy.cut();
  }
  await arena.goesOn(`three cuts of the connections to ${server}`);

  for (let round = 0; round < 3; round++) {
    await arena.anyMoment(0, 500);
    proxy.swallows = true;
    // What is asked now is done, and nobody hears of it.
    await arena.anyMoment(200, 600);
    cut += proxy.cut();
    proxy.swallows = false;
  }
  await arena.goesOn(`lost answers of ${server}`);

  await arena.anyMoment(0, 500);
  const half = proxy.halfClose();
  await arena.anyMoment(300, 800);
  cut += proxy.cut();
  await arena.goesOn(`half-closed connections to ${server}`);

  proxy.delayMs = 150;
  await arena.anyMoment(1_500, 2_500);
  proxy.delayMs = 0;
  await arena.goesOn(`late answers of ${server}`);
  arena.notes.push(`${cut} connections cut, ${half} half closed`);
}

const AWAY_MS = 15_000;
/** Rows that wait are bounded by MAX_PENDING_ROWS and MAX_PENDING_BYTES, fetches by KAFKA_FETCH_BYTES. */
const MOST_GROWTH_MIB = 100;

const clickHouseAway: Scenario = {
  name: 'ClickHouse is away',
  async play(arena) {
    const processor = await arena.run();
    await arena.goesOn('the first start');
    const before = await residentMib(processor);
    await arena.clickhouse.kill9();
    let peak = before;
    const until = Date.now() + AWAY_MS;
    let notReady = 0;
    while (Date.now() < until) {
      peak = Math.max(peak, await residentMib(processor));
      if (await saysClickHouseIsAway(processor)) notReady++;
      await sleep(250);
    }
    const lag = await processor.metric('tidemark_consumer_lag_events');
    if (notReady === 0) throw new Error('/readyz never said that ClickHouse is away');
    if (peak - before > MOST_GROWTH_MIB) {
      throw new Error(`memory grew from ${before} to ${peak} MiB while ClickHouse was away`);
    }
    await arena.clickhouse.restart();
    await arena.goesOn(`${AWAY_MS / 1000} s without ClickHouse`);
    await eventually('it is ready again', async () => {
      return (await fetch(`${processor.url}/readyz`)).status === 200;
    });
    arena.notes.push(`memory ${before} MiB before, ${peak} MiB at most; lag ${lag} records`);
  },
};

async function residentMib({ process: { pid } }: Processor): Promise<number> {
  // Elsewhere than on Linux nobody looks.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

async function saysClickHouseIsAway({ url }: Processor): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  if (response?.status !== 503) return false;
  const { reasons } = (await response.json()) as { reasons: string[] };
  return reasons.some((reason) => reason.startsWith('ClickHouse cannot be reached'));
}

const registry: Scenario = {
  name: 'a schema registry that is down, then slow',
  async play(arena) {
    await using stub = await openRegistryStub();
    const settings = { SCHEMA_REGISTRY_URL: stub.url };
    stub.down = true;
    await arena.run(settings);
    await eventually('it asks, and asks again', () => stub.asked > 3, 20_000);
    if ((await arena.stored()) > 0) throw new Error('records were decided without their schema');
    stub.down = false;
    await arena.goesOn('a registry that was down');
    stub.delayMs = 700;
    await arena.anyMoment(2_000, 3_000);
    stub.down = true;
    await arena.anyMoment(1_000, 2_000);
    stub.down = false;
    stub.delayMs = 0;
    await arena.goesOn('a registry that was slow');
    // It lives as long as this scenario; so does what needs it.
    await arena.load.done;
    await arena.world.caughtUp();
  },
};

export const badNetworks: readonly Scenario[] = [
  networkToClickHouse,
  networkToKafka,
  clickHouseAway,
  registry,
];
