/** Processes that are killed, stopped and replaced. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processor } from '../integration/run-process.ts';
import { eventually } from '../support/eventually.ts';
import { SESSION_TIMEOUT_MS } from './arena.ts';
import type { Arena } from './arena.ts';
import type { Scenario } from './scenario.ts';

const KILLS = 3;

const killedProcessor: Scenario = {
  name: 'kill -9 of the processor',
  async play(arena) {
    let processor = await arena.run();
    await arena.goesOn('the first start');
    for (let kill = 0; kill < KILLS; kill++) {
      await arena.anyMoment(0, 1_500);
      await processor.kill9();
      processor = await arena.run();
      await arena.goesOn('kill -9 and a restart');
    }
  },
};

const killedOneOfTwo: Scenario = {
  name: 'kill -9 of one of two processors',
  async play(arena) {
    const [first, second] = await twoAtWork(arena);
    await arena.anyMoment(0, 500);
    const lost = await idleAfter(arena, () => first.kill9());
    arena.notes.push(`no partition stood still for more than ${(lost / 1000).toFixed(1)} s`);
    await second.meanwhile(Promise.resolve());
  },
};

const killedClickHouse: Scenario = {
  name: 'kill -9 of ClickHouse',
  async play(arena) {
    await arena.run();
    await arena.goesOn('the first start');
    for (let kill = 0; kill < KILLS; kill++) {
      await arena.anyMoment(0, 1_500);
      await arena.clickhouse.kill9();
      await arena.anyMoment(0, 1_500);
      await arena.clickhouse.restart();
      await arena.goesOn('kill -9 of ClickHouse and a restart');
    }
  },
};

const killedBroker: Scenario = {
  name: 'kill -9 of the broker',
  both: true,
  async play(arena) {
    await arena.run();
    await arena.goesOn('the first start');
    for (let kill = 0; kill < 2; kill++) {
      await arena.anyMoment(0, 1_500);
      await arena.kafka.broker.kill9();
      await arena.anyMoment(0, 1_500);
      await arena.kafka.broker.restart();
      await arena.goesOn('kill -9 of the broker and a restart');
    }
  },
};

const zombie: Scenario = {
  name: 'a zombie: stopped beyond its session, and woken',
  async play(arena) {
    const first = await arena.run();
    await arena.goesOn('the first start');
    for (const patience of [SESSION_TIMEOUT_MS * 1.2, SESSION_TIMEOUT_MS * 2]) {
      await arena.anyMoment(0, 700);
      first.process.kill('SIGSTOP');
      const second = await arena.run();
      await sleep(patience);
      await arena.goesOn('SIGSTOP, another one started a session time-out before');
      first.process.kill('SIGCONT');
      await arena.anyMoment(500, 2_000);
      await expectCleanStop(second);
    }
    await arena.goesOn('the return of the zombie as the only one');
  },
};

const storm: Scenario = {
  name: 'a rebalance storm',
  async play(arena) {
    const first = await arena.run();
    await arena.goesOn('the first start');
    for (let round = 0; round < 4; round++) {
      const second = await arena.run();
      // As long as it takes to start, and a moment, with or without having got a partition.
      await arena.anyMoment(1_500, 3_000);
      await expectCleanStop(second);
    }
    await arena.goesOn('a storm of rebalances');
    await first.meanwhile(Promise.resolve());
  },
};

export const deadProcesses: readonly Scenario[] = [
  killedProcessor,
  killedOneOfTwo,
  killedClickHouse,
  killedBroker,
  zombie,
  storm,
];

async function twoAtWork(arena: Arena): Promise<[Processor, Processor]> {
  const both: [Processor, Processor] = [await arena.run(), await arena.run()];
  await eventually(
    'both are at work',
    async () => {
      const counts = await Promise.all(both.map((one) => one.metric('tidemark_events_total')));
      return counts.every((count) => (count ?? 0) > 0);
    },
    30_000,
  );
  return both;
}

/**
 * The longest that a partition stood still, in milliseconds. What the dead had under way may still be
 * stored, so only what moves a second later or more shows that somebody else is at it.
 */
async function idleAfter(arena: Arena, harm: () => Promise<unknown>): Promise<number> {
  await harm();
  const { lines: first } = await arena.world.positions();
  const started = performance.now();
  const moves = new Map(
    Object.entries(first).map(([partition, next]) => [partition, [{ at: started, next }]]),
  );
  await eventually(
    'every partition goes on',
    async () => {
      const { lines } = await arena.world.positions();
      const at = performance.now();
      for (const [partition, seen] of moves) {
        const next = lines[partition]!;
        if (next > seen.at(-1)!.next) seen.push({ at, next });
      }
      return [...moves.values()].every((seen) => seen.at(-1)!.at > started + 1_000);
    },
    45_000,
  );
  const gaps = [...moves.values()].map((seen) =>
    Math.max(...seen.slice(1).map(({ at }, move) => at - seen[move]!.at)),
  );
  return Math.max(...gaps);
}

async function expectCleanStop(processor: Processor): Promise<void> {
  const { status, stderr } = await processor.stop();
  // Before it has begun to listen to signals, one ends it as it ends any process.
  const hadNotBegun = processor.process.signalCode === 'SIGTERM';
  if (status !== 0 && !hadNotBegun) {
    throw new Error(`a processor that was told to stop ended with ${status}:\n${stderr}`);
  }
}
