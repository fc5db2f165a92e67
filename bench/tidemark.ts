/** In: a filled topic. Out: how fast Tidemark turns it into events and user-days, and whether they are right. */
import { cpuSeconds, peakMemory } from './process-usage.ts';
import { startClickHouse, type BenchClickHouse } from './clickhouse.ts';
import type { FilledTopic } from './filled-topic.ts';
import { measure, until, type Result } from './measure.ts';
import { processors } from './processor.ts';
import { readUserDays } from './user-day-rows.ts';

/** Time counts from the start of the first process to the progress line that covers the last record. */
export async function tidemark(filled: FilledTopic, processes: number): Promise<Result> {
  const { broker, brokerPid, topic, events } = filled;
  await using clickhouse = await startClickHouse();
  await using processor = await processors({ clickhouse, broker, topic });
  await processor.migrate();
  const pids: number[] = [];
  const { seconds, cpu } = await measure(
    { clickhouse: clickhouse.pid, kafka: brokerPid },
    async () => {
      for (let i = 0; i < processes; i++) pids.push(processor.start());
      await until(
        async () => (await clickhouse.number(`SELECT ${PROCESSED}`)) >= events,
        'Tidemark has processed every record',
      );
    },
  );
  const used = pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const memory = Math.max(...pids.map(peakMemory));
  await processor.stop();
  return {
    name: processes === 1 ? 'Tidemark' : `Tidemark, ${processes} processes`,
    events,
    seconds,
    cpu: { ...cpu, processor: used },
    memory,
    check: await check(clickhouse, filled),
  };
}

const PROCESSED =
  '(SELECT sum(accepted + duplicate + late + future + invalid) FROM source_progress)';

/** Compares everything that a right answer consists of with what the generator knows. */
async function check(clickhouse: BenchClickHouse, { traffic }: FilledTopic): Promise<string> {
  const { number } = clickhouse;
  const wrong = [
    ['accepted', traffic.accepted, await number('SELECT sum(accepted) FROM source_progress')],
    ['duplicate', traffic.duplicates, await number('SELECT sum(duplicate) FROM source_progress')],
    ['rows of events', traffic.accepted, await number('SELECT count() FROM events')],
    [
      'distinct events',
      traffic.accepted,
      await number('SELECT uniqExact(user_id, event_id) FROM events_rows'),
    ],
    [
      'wrong user-days',
      0,
      traffic.userDays.differences(await readUserDays(clickhouse, 'user_days')),
    ],
  ] as const;
  const faults = wrong.filter(([, expected, got]) => expected !== got);
  if (faults.length === 0) return `exact: ${traffic.userDays.size} user-days`;
  return faults.map(([what, expected, got]) => `${what}: ${got} for ${expected}`).join(', ');
}
