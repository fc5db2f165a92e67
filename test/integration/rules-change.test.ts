/** Other settings at the next start: what was decided stays, what comes is decided anew. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { kafkaOrigin } from '../support/kafka.ts';
import { at, message } from './events.ts';
import type { KafkaSide } from './world.ts';
import { freshWorld, kafkaSide } from './world.ts';

describe.skipIf(kafkaOrigin() === undefined)('rules that change', { timeout: 90_000 }, () => {
  let kafka: KafkaSide;
  let clickhouse: TestClickHouse;

  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([kafkaSide(), testClickHouse()]);
  });
  afterAll(async () => {
    await clickhouse.close();
    await kafka[Symbol.asyncDispose]();
  });

  test('they are recorded as a new epoch, hold for what comes later, and leave old days alone', async () => {
    const topic = await kafka.topic({ partitions: 1 });
    await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
    const send = (...times: string[]) => kafka.send(topic, times.map(visit));
    const days = () =>
      world.rows<Day>(`
        SELECT event_date, length(session_fragments) AS sessions, events, intDiv(version, 4294967296) AS epoch
        FROM user_days
        ORDER BY event_date`);
    const rules = () =>
      world.rows('SELECT epoch, lookback_days, session_gap_seconds FROM rules ORDER BY epoch');
    const early = { epoch: 1, lookback_days: 2, session_gap_seconds: 1800 };

    const first = await world.run({ LOOKBACK_DAYS: '2' });
    await send('2026-03-01T10:00', '2026-03-01T10:20', '2026-03-03T10:00', '2026-03-01T10:40');
    await world.caughtUp();
    await first.stop();
    const settled = { event_date: '2026-03-01', sessions: 1, events: 3, epoch: 1 };
    expect(await days()).toEqual([
      settled,
      { event_date: '2026-03-03', sessions: 1, events: 1, epoch: 1 },
    ]);
    expect(await rules()).toEqual([early]);

    const changed = { LOOKBACK_DAYS: '0', SESSION_GAP_SECONDS: '60' };
    const second = await world.run(changed);
    await send('2026-03-02T10:00', '2026-03-03T10:10', '2026-03-04T10:00', '2026-03-04T10:02');
    await world.caughtUp();
    await second.stop();
    expect(await world.counts()).toMatchObject({ accepted: 7, late: 1 });
    expect(await days()).toEqual([
      settled,
      { event_date: '2026-03-03', sessions: 2, events: 2, epoch: 2 },
      { event_date: '2026-03-04', sessions: 2, events: 2, epoch: 2 },
    ]);
    expect(await world.rows('SELECT event_date, days_late FROM late_events')).toEqual([
      { event_date: '2026-03-02', days_late: 1 },
    ]);
    const late = { epoch: 2, lookback_days: 0, session_gap_seconds: 60 };
    expect(await rules()).toEqual([early, late]);

    const third = await world.run(changed);
    await send('2026-03-04T10:05');
    await world.caughtUp();
    expect((await third.stop()).status).toBe(0);
    expect(await rules()).toEqual([early, late]);
  });
});

interface Day {
  readonly event_date: string;
  readonly sessions: number;
  readonly events: number;
  readonly epoch: number;
}

function visit(time: string) {
  return message({
    event_id: `at-${time}`,
    user_id: 'ana',
    event_type: 'page_view',
    event_time: at(`${time}:00Z`),
  });
}
