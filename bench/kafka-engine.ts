/** In: a filled topic. Out: how fast ClickHouse's own Kafka engine turns it into raw rows and user-days. */
import { readFileSync } from 'node:fs';
import type { BenchClickHouse } from './clickhouse.ts';
import { measure, until, type Result } from './measure.ts';
import { serveSchema } from './registry-stub.ts';
import type { FilledTopic } from './filled-topic.ts';
import { SCHEMA_FILE } from './event-encoder.ts';
import { readUserDays } from './user-day-rows.ts';

/** The fastest of those tried on two cores and four partitions. */
const TUNING = {
  kafka_num_consumers: 2,
  kafka_thread_per_consumer: 1,
  kafka_max_block_size: 65_536,
  kafka_poll_max_batch_size: 65_536,
  kafka_flush_interval_ms: 1_000,
};

/** Creates the raw table and the view on it, to be filled by the engine or by inserts. */
export async function createEngineTables(clickhouse: BenchClickHouse): Promise<void> {
  const file = new URL('./kafka-engine.sql', import.meta.url);
  await clickhouse.run(readFileSync(file, 'utf8'));
}

export async function kafkaEngine(
  clickhouse: BenchClickHouse,
  filled: FilledTopic,
): Promise<Result> {
  const { broker, brokerPid, topic, events, traffic } = filled;
  await using registry = await serveSchema(readFileSync(SCHEMA_FILE, 'utf8'));
  await createEngineTables(clickhouse);
  const columns = (await clickhouse.text('DESCRIBE raw'))
    .trim()
    .split('\n')
    .map((line) => line.split('\t').slice(0, 2).join(' '))
    .map((column) => column.replace(/LowCardinality\((.*)\)$/, '$1'));
  await clickhouse.run(`
    CREATE TABLE queue (${columns.join(', ')}) ENGINE = Kafka
    SETTINGS kafka_broker_list = '${broker}', kafka_topic_list = '${topic}',
      kafka_group_name = 'bench-engine', kafka_format = 'AvroConfluent',
      format_avro_schema_registry_url = '${registry.url}',
      ${Object.entries(TUNING)
        .map(([setting, value]) => `${setting} = ${value}`)
        .join(', ')}`);
  const measured = await measure({ clickhouse: clickhouse.pid, kafka: brokerPid }, async () => {
    await clickhouse.run('CREATE MATERIALIZED VIEW queue_to_raw TO raw AS SELECT * FROM queue');
    await until(
      async () => (await clickhouse.number('SELECT count() FROM raw')) >= events,
      'the Kafka engine has stored every event',
    );
    await until(
      async () => (await clickhouse.number('SELECT sum(events) FROM user_days')) >= events,
      'the Kafka engine has aggregated every event',
    );
  });
  await clickhouse.run('DROP TABLE queue_to_raw SYNC; DROP TABLE queue SYNC');
  const wrong = traffic.userDays.differences(
    await readUserDays(clickhouse, '(SELECT * FROM user_days FINAL)'),
  );
  return {
    baseline: true,
    name: 'ClickHouse: Kafka engine, raw table, user-days by view',
    events,
    ...measured,
    check: `${wrong} of ${traffic.userDays.size} user-days wrong`,
  };
}
