import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PATIENCE_MS, startProcessor } from '../integration/run-process.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../support/kafka.ts';
import { emptyDesk } from './ingest-desk.ts';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const ARGV = [FIXTURE, '--map', MAPPING];

describe.skipIf(kafkaOrigin() === undefined)('ingest beside Kafka', () => {
  test(
    'Greenery by ingest and by produce and run: identical user_days, and what Kafka had first is a duplicate to the file',
    { timeout: 120_000 },
    async () => {
      await using clickhouse = await testClickHouse();
      await using kafka = await sharedKafka();
      const byFile = await emptyDesk(clickhouse);
      const byKafka = await emptyDesk(clickhouse);
      expect((await byFile.outcomes(...ARGV)).accepted).toBe(200);

      const environment = {
        ...byKafka.environment,
        KAFKA_BROKERS: kafka.brokers.join(','),
        KAFKA_TOPIC_APP_EVENTS: `events-${randomUUID()}`,
        KAFKA_GROUP_ID: randomUUID(),
        LOOKBACK_DAYS: '3',
      };
      const produced = await tidemark(['produce', ...ARGV, '--stream', 'app-events'], environment);
      expect(produced.status).toBe(0);
      const processor = await startProcessor(environment);
      try {
        const processed = () => byKafka.rows('SELECT sum(accepted) AS n FROM source_progress');
        await processor.meanwhile(
          eventually(
            'all events are processed',
            async () => (await processed())[0]!['n'] === 200,
            PATIENCE_MS,
          ),
        );
      } finally {
        await processor.stop();
      }
      expect(await byFile.facts()).toEqual(await byKafka.facts());
      const before = await byKafka.facts();
      expect(await byKafka.outcomes(...ARGV)).toMatchObject({ accepted: 0, duplicate: 200 });
      expect(await byKafka.facts()).toEqual(before);
    },
  );
});
