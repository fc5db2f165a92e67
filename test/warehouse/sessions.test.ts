import { afterAll, beforeAll, expect, test } from 'vitest';
import { bursts, fact } from '../parity/event-facts-traffic.ts';
import { EventFactsWorld } from '../parity/event-facts-world.ts';
import { EVENT_FACTS, SESSION_TABLES } from '../parity/sessions.ts';
import { DAY_MICROS, dayOfDate } from '../parity/user-day.ts';
import { Random } from '../simulation/random.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';

let ch: TestClickHouse;
/** Of all hand-made cases; each has users of its own. */
let world: EventFactsWorld;
beforeAll(async () => {
  ch = await testClickHouse();
  world = await EventFactsWorld.open(ch);
});
afterAll(() => ch.close());

const TABLES = [...SESSION_TABLES, ...EVENT_FACTS];
const GAP = 1_800_000_000;
const NOON = dayOfDate('2025-01-15') * DAY_MICROS + 12 * 3_600_000_000;
const MIDNIGHT = dayOfDate('2025-02-01') * DAY_MICROS;

test('after every refresh sessions and the events in them are what the plain model says, whatever comes late', async () => {
  const random = new Random(seed, 'sessions');
  const world = await EventFactsWorld.open(ch, 'generated');
  const events = random.shuffle(bursts(random, 25, dayOfDate('2025-01-10')));
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    await world.accept(events.filter((_, at) => at % rounds === round));
    expect(await world.refreshAndCompare(TABLES), `round ${round}`).toEqual([]);
  }
  const read = () => Promise.all(TABLES.map((t) => world.read(t)));
  const incremental = await read();
  await world.refresh({ full: true });
  expect(await read()).toEqual(incremental);
}, 120_000);

test('a gap of exactly 1,800 s is within a session, one of a microsecond more is not', async () => {
  await world.accept([
    fact('a', NOON),
    fact('a', NOON + GAP),
    fact('b', NOON),
    fact('b', NOON + GAP + 1),
    // The same over midnight and the end of a month.
    fact('c', MIDNIGHT - 1),
    fact('c', MIDNIGHT - 1 + GAP),
    fact('d', MIDNIGHT - 1),
    fact('d', MIDNIGHT + GAP),
  ]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  expect(
    await world.rows(
      `SELECT user_id, count() AS n, max(duration_seconds) AS longest, toString(min(event_date)) AS day
      FROM sessions WHERE user_id IN ('a', 'b', 'c', 'd') GROUP BY user_id ORDER BY user_id`,
    ),
  ).toEqual([
    { user_id: 'a', n: 1, longest: 1800, day: '2025-01-15' },
    { user_id: 'b', n: 2, longest: 0, day: '2025-01-15' },
    { user_id: 'c', n: 1, longest: 1800, day: '2025-01-31' },
    { user_id: 'd', n: 2, longest: 0, day: '2025-01-31' },
  ]);
});

test('a late event that bridges two sessions leaves one session and no orphan', async () => {
  await world.accept([fact('bridged', NOON), fact('bridged', NOON + 2 * GAP)]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  const before = await world.rows(
    `SELECT session_id FROM sessions WHERE user_id = 'bridged' ORDER BY started_at`,
  );
  await world.accept([fact('bridged', NOON + GAP)]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  const after = await world.rows(`SELECT session_id FROM sessions WHERE user_id = 'bridged'`);
  expect(before).toHaveLength(2);
  expect(after).toEqual([before[0]]);
});

test('a late event of another source that joins sessions over midnight leaves the second day none', async () => {
  await world.accept([
    fact('joined', MIDNIGHT - GAP),
    fact('joined', MIDNIGHT + 1),
    fact('joined', MIDNIGHT + GAP),
  ]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  const days = `SELECT toString(event_date) AS day, events FROM sessions WHERE user_id = 'joined' ORDER BY day`;
  expect(await world.rows(days)).toHaveLength(2);
  await world.accept([fact('joined', MIDNIGHT - 5, 'bridge', { source: 'app-events/1' })]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  expect(await world.rows(days)).toEqual([{ day: '2025-01-31', events: 4 }]);
});

test('a session that lasts for days is one, and events keep counting over every midnight', async () => {
  const events = Array.from({ length: 200 }, (_, n) => fact('long', MIDNIGHT - GAP + n * GAP));
  await world.accept(events.filter((_, n) => n % 2 === 1));
  await world.refresh();
  await world.accept(events.filter((_, n) => n % 2 === 0));
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  expect(
    await world.rows(
      `SELECT max(event_sequence_in_session) AS n, uniq(session_id) AS s FROM fct_events WHERE user_id = 'long'`,
    ),
  ).toEqual([{ n: 200, s: 1 }]);
});

test('server-side events neither open nor extend a session, nor count in it', async () => {
  const serverSide = { type: 'package_shipped' };
  await world.accept([
    fact('parcels', NOON),
    fact('parcels', NOON + GAP - 5, 'shipped', serverSide),
    fact('parcels', NOON + GAP + 1),
    fact('parcels', NOON + GAP + 1, '0 before', serverSide),
    fact('parcel', NOON, 'alone', serverSide),
  ]);
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  expect(
    await world.rows(
      `SELECT count() AS n, sum(events) AS events FROM sessions WHERE user_id LIKE 'parcel%'`,
    ),
  ).toEqual([{ n: 2, events: 2 }]);
});

test('events at the same instant are in the order of their ids, and sources do not matter', async () => {
  await world.accept(
    ['c', 'a', 'b'].map((id, n) => fact('u', NOON, id, { source: `app-events/${n}` })),
  );
  expect(await world.refreshAndCompare(TABLES)).toEqual([]);
  expect(
    await world.rows(
      `SELECT event_id FROM fct_events WHERE user_id = 'u' ORDER BY event_sequence_in_session`,
    ),
  ).toEqual([{ event_id: 'a' }, { event_id: 'b' }, { event_id: 'c' }]);
});

test.each([...SESSION_TABLES.map(({ name }) => name), 'fct_events', 'fct_page_views'])(
  '%s gives the types that it declares',
  async (name) => {
    const types = async (of: string) =>
      (await ch.rows(`DESCRIBE ${of}`)).map((column) => [column['name'], column['type']]);
    expect(await types(`(SELECT * FROM ${name})`)).toEqual(await types(name));
  },
);
