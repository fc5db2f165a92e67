import { expect, test } from 'vitest';
import { forgottenPerson } from '../../src/streams/forgotten-people.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { PersonEraser } from '../../src/warehouse/erased-person.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';

test('forgetting waits as long as ClickHouse takes to rewrite its parts, however soon requests time out', async () => {
  await using clickhouse = await testClickHouse();
  const { client } = clickhouse;
  await client.command({
    query: `INSERT INTO user_day_rows (event_date, user_id, source, events, version) VALUES ('2026-01-01', 'gone', 'app-events/0', 1, 1), ('2026-01-01', 'stays', 'app-events/0', 1, 1)`,
  });
  // ClickHouse changes no part of the table until it is told to.
  await client.command({ query: 'SYSTEM STOP MERGES user_day_rows' });
  const impatient = openClickHouse({ url: clickhouse.url, requestTimeoutMs: 1_000 });
  try {
    const person = { id: 'gone', forgotten: forgottenPerson('user_id', 'gone') };
    const erasing = new PersonEraser(impatient, []).erase(person);
    const ended = erasing.then(
      () => true,
      () => true,
    );
    await eventually('the change has waited for longer than a request may', async () => {
      const [row] = await clickhouse.rows(`
SELECT count() > 0 AS waits FROM system.mutations
WHERE database = currentDatabase() AND table = 'user_day_rows' AND NOT is_done AND create_time < now() - 2`);
      return row?.['waits'] === 1;
    });
    expect(await Promise.race([ended, Promise.resolve(false)])).toBe(false);
    await client.command({ query: 'SYSTEM START MERGES user_day_rows' });
    expect(await erasing).toMatchObject({ user_day_rows: 1 });
    const left = await clickhouse.rows(
      'SELECT DISTINCT user_id FROM user_day_rows WHERE events > 0',
    );
    expect(left).toEqual([{ user_id: 'stays' }]);
  } finally {
    await client.command({ query: 'SYSTEM START MERGES user_day_rows' });
    await impatient.close();
  }
});
