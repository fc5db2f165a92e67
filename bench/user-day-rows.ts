/** In: a table or view of user-days. Out: its rows, in the form that the generator's own knowledge has. */
import type { BenchClickHouse } from './clickhouse.ts';
import type { UserDayRow } from './user-days.ts';

/** `from` is what follows FROM: a table with the columns that `user_days` has by definition. */
export async function readUserDays(
  clickhouse: BenchClickHouse,
  from: string,
): Promise<UserDayRow[]> {
  const text = await clickhouse.text(`
    SELECT
      user_id,
      toInt32(event_date),
      events,
      toUnixTimestamp64Micro(first_event_at),
      toUnixTimestamp64Micro(last_event_at),
      miles_earned,
      miles_redeemed,
      arrayStringConcat(mapKeys(event_counts), ','),
      arrayStringConcat(mapValues(event_counts), ',')
    FROM ${from}`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [user = '', day, events, first, last, earned, redeemed, types = '', counts = ''] =
        line.split('\t');
      const countOf = counts.split(',');
      return {
        user,
        day: Number(day),
        events: Number(events),
        first: Number(first),
        last: Number(last),
        milesEarned: Number(earned),
        milesRedeemed: Number(redeemed),
        counts: Object.fromEntries(types.split(',').map((type, i) => [type, Number(countOf[i])])),
      };
    });
}
