/** Logs, offsets and stores that are not what they were. */
import { eventually } from '../support/eventually.ts';
import type { Arena } from './arena.ts';
import { pausedEarly } from './load.ts';
import type { Scenario } from './scenario.ts';

const recreatedTopic: Scenario = {
  name: 'the topic is recreated while nobody reads',
  async play(arena) {
    const { kafka, world, history, load } = arena;
    await pausedEarly(arena.load);
    const first = await arena.run();
    await arena.goesOn('the first start');
    await world.caughtUp();
    await first.stop();
    await history.look();
    await kafka.admin.deleteTopics({ topics: [world.topic] });
    await eventually('the topic is gone', async () => {
      return !(await kafka.admin.listTopics()).includes(world.topic);
    });
    await kafka.topic({ name: world.topic, partitions: load.partitions });
    history.recreated();
    load.resume();
    await arena.run();
    await eventually('every partition is a new source', async () => {
      const sources = await world.rows<{ count: number }>(
        "SELECT count() AS count FROM source_progress WHERE endsWith(source, '@2')",
      );
      return sources[0]!.count === load.partitions;
    });
  },
};

const morePartitions: Scenario = {
  name: 'partitions are added',
  async play(arena) {
    const { kafka, world, load } = arena;
    await pausedEarly(arena.load);
    await arena.run();
    await arena.goesOn('the first start');
    const count = load.partitions + 2;
    await kafka.admin.createPartitions({
      topicPartitions: [{ topic: world.topic, count }],
    });
    await load.spreadOver(count);
    load.resume();
    await arena.goesOn('more partitions');
  },
};

const lostOffsets: Scenario = {
  name: "Kafka's committed offsets are deleted, or set back",
  async play(arena) {
    const { kafka, world } = arena;
    const { topic, group } = world;
    const first = await arena.run();
    await arena.goesOn('the first start');
    await arena.anyMoment(500, 1_000);
    await first.stop();
    await kafka.admin.deleteGroups([group]);
    const second = await arena.run();
    await arena.goesOn('the loss of the committed offsets');
    await arena.anyMoment(500, 1_000);
    await second.stop();
    const partitions = Array.from({ length: arena.load.partitions }, (_, partition) => ({
      partition,
      offset: '0',
    }));
    await kafka.admin.setOffsets({ groupId: group, topic, partitions });
    await arena.run();
    await arena.goesOn('committed offsets at the beginning');
  },
};

const restoredBackup: Scenario = {
  name: 'a backup of ClickHouse is restored',
  async play(arena) {
    const { clickhouse, load } = arena;
    await pausedEarly(arena.load);
    const first = await arena.run();
    await arena.goesOn('the first start');
    await clickhouse.kill9();
    const restore = await clickhouse.copyData();
    await clickhouse.restart();
    load.resume();
    await arena.goesOn('the making of the backup');
    await arena.anyMoment(1_500, 2_500);
    await first.stop();
    const late = await arena.stored();
    await clickhouse.kill9();
    await restore();
    await clickhouse.restart();
    const early = await arena.stored();
    if (early >= late) throw new Error(`the backup is not older: ${early} records, not ${late}`);
    await arena.run();
    await arena.goesOn('the restoration of the backup');
    arena.notes.push(`set back from ${late} to ${early} records`);
  },
};

const retention: Scenario = {
  name: 'retention removes records that nobody has read',
  needs: 'a real Kafka',
  async play(arena) {
    const { kafka, world, history } = arena;
    const { topic } = world;
    await pausedEarly(arena.load);
    const first = await arena.run();
    await arena.goesOn('the first start');
    await first.stop();
    const { lines } = await world.positions();
    arena.load.resume();
    await arena.anyMoment(1_500, 2_500);
    await history.look();
    const removed = await removedAhead(arena, lines);
    await kafka.admin.deleteTopicRecords({
      topic,
      partitions: removed.map(({ partition, end }) => ({ partition, offset: String(end) })),
    });
    for (const { partition, first: from, end } of removed) history.skipped(partition, from, end);
    const second = await arena.run();
    await arena.goesOn('the loss of unread records');
    await arena.load.done;
    await world.caughtUp();
    const { stderr } = await second.stop();
    const told = stderr.split('the log begins after its progress line').length - 1;
    if (told < removed.length)
      throw new Error(`${removed.length} losses, ${told} told of:\n${stderr}`);
    const lost = removed.reduce((sum, { first: from, end }) => sum + end - from, 0);
    arena.notes.push(`${lost} records lost, all counted as skipped, ${told} warnings`);
  },
};

/** Of every partition half of what is unread. */
async function removedAhead({ kafka, world }: Arena, lines: Readonly<Record<string, number>>) {
  const offsets = await kafka.admin.fetchTopicOffsets(world.topic);
  return offsets
    .map(({ partition, high }) => {
      const first = lines[partition] ?? 0;
      return { partition, first, end: first + Math.ceil((Number(high) - first) / 2) };
    })
    .filter(({ first, end }) => end > first);
}

export const changedLogs: readonly Scenario[] = [
  recreatedTopic,
  morePartitions,
  lostOffsets,
  restoredBackup,
  retention,
];
