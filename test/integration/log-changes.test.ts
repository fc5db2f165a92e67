/** What else can happen to a log and to what Kafka remembers of its reader: the progress line decides. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin } from '../support/kafka.ts';
import { at, message } from './events.ts';
import type { Processor } from './run-process.ts';
import type { KafkaSide } from './world.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';

describe.skipIf(kafkaOrigin() === undefined)('a log that changed', { timeout: 90_000 }, () => {
  let kafka: KafkaSide;
  let clickhouse: TestClickHouse;

  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([kafkaSide(), testClickHouse()]);
  });
  afterAll(async () => {
    await clickhouse.close();
    await kafka[Symbol.asyncDispose]();
  });

  const worldOfOnePartition = async () => {
    const topic = await kafka.topic({ partitions: 1 });
    return freshWorld({ kafka, clickhouse: clickhouse.url, topic });
  };
  const send = (topic: string, from: number, to: number) => kafka.send(topic, events(from, to));

  async function recreate(topic: string) {
    await kafka.admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => {
      return !(await kafka.admin.listTopics()).includes(topic);
    });
    await kafka.topic({ name: topic, partitions: 1 });
  }

  test('records trimmed before they were read are counted as skipped, and it goes on', async () => {
    await using world = await worldOfOnePartition();
    const { topic } = world;
    await send(topic, 0, 100);
    const first = await world.run();
    await world.caughtUp();
    await first.stop();

    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] });
    const second = await world.run();
    await isCaughtUp(second);
    expect(await world.counts()).toMatchObject({ accepted: 100, skipped: 0 });
    expect((await second.stop()).stderr).not.toContain('the log begins after');

    await send(topic, 100, 200);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '150' }] });
    const third = await world.run();
    await world.caughtUp();
    await isCaughtUp(third);
    expect(await world.counts()).toMatchObject({ accepted: 150, duplicate: 0, skipped: 50 });
    expect(await third.metric('tidemark_events_total{stream="app-events",outcome="skipped"')).toBe(
      50,
    );
    expect((await third.stop()).stderr).toContain('the log begins after its progress line');
    const [{ ids }] = (await world.rows<{ ids: number }>(
      'SELECT uniqExact(event_id) AS ids FROM events',
    )) as [{ ids: number }];
    expect(ids).toBe(150);
  });

  test('a recreated topic is a new source: what was seen before counts as duplicate, nothing is lost', async () => {
    await using world = await worldOfOnePartition();
    const { topic } = world;
    const outcomes = () =>
      world.rows('SELECT source, accepted, duplicate FROM source_progress ORDER BY source');
    const accepted = () =>
      world.rows(
        'SELECT count() AS events, (SELECT sum(events) FROM user_days) AS in_user_days FROM events',
      );
    await send(topic, 0, 100);
    const first = await world.run();
    await world.caughtUp();
    await first.stop();
    const original = { source: `${topic}/0`, accepted: 100, duplicate: 0 };
    expect(await outcomes()).toEqual([original]);

    // Shorter than the line says.
    await recreate(topic);
    await send(topic, 60, 130);
    const second = await world.run();
    await world.caughtUp();
    await second.stop();
    const shorter = { source: `${topic}/0@2`, accepted: 30, duplicate: 40 };
    expect(await outcomes()).toEqual([original, shorter]);
    expect(await accepted()).toEqual([{ events: 130, in_user_days: 130 }]);

    // Longer, but its last record is not the one that the line remembers.
    await recreate(topic);
    await send(topic, 100, 190);
    const third = await world.run();
    await world.caughtUp();
    await third.stop();
    const longer = { source: `${topic}/0@3`, accepted: 60, duplicate: 30 };
    expect(await outcomes()).toEqual([original, shorter, longer]);
    expect(await accepted()).toEqual([{ events: 190, in_user_days: 190 }]);
  });

  test("reading starts from the line, wherever Kafka's committed offsets are", async () => {
    await using world = await worldOfOnePartition();
    const { topic, group } = world;
    await send(topic, 0, 100);
    const first = await world.run();
    await world.caughtUp();
    await first.stop();

    await kafka.admin.deleteGroups([group]);
    await send(topic, 100, 110);
    const second = await world.run();
    await world.caughtUp();
    await isCaughtUp(second);
    expect(await second.metric('tidemark_events_total')).toBe(10);
    await second.stop();
    expect(await world.positions()).toEqual({ lines: { 0: 110 }, committed: { 0: 110 } });

    await kafka.admin.setOffsets({
      groupId: group,
      topic,
      partitions: [{ partition: 0, offset: '3' }],
    });
    const third = await world.run();
    await isCaughtUp(third);
    await third.stop();
    expect(await world.positions()).toEqual({ lines: { 0: 110 }, committed: { 0: 110 } });
    expect(await world.counts()).toMatchObject({ accepted: 110, duplicate: 0, skipped: 0 });
  });
});

function isCaughtUp(processor: Processor): Promise<void> {
  return eventually(
    'the lag is 0',
    async () => (await processor.metric('tidemark_consumer_lag_events{')) === 0,
    PATIENCE_MS,
  );
}

/** A minute apart. */
function events(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) =>
    message({
      event_id: `event-${from + i}`,
      user_id: `user-${(from + i) % 7}`,
      event_type: 'page_view',
      event_time: at('2026-03-01T08:00:00Z') + (from + i) * 60_000_000,
    }),
  );
}
