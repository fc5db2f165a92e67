/** What views are computed with besides the rules. In: configured values. Out: rows of view_settings where they differ. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

/** Takes these values into use, by the names that the table knows them under. */
export async function adoptViewSettings(
  client: ClickHouseClient,
  wanted: Readonly<Record<string, number>>,
): Promise<void> {
  try {
    const result = await client.query({
      query: 'SELECT name, value, description FROM view_settings FINAL',
      format: 'JSONEachRow',
    });
    const rows = await result.json<{ name: string; value: number; description: string }>();
    const changed = rows.flatMap(({ name, value, description }) => {
      const want = wanted[name];
      return want === undefined || want === value ? [] : [{ name, value: want, description }];
    });
    if (changed.length === 0) return;
    await client.insert({ table: 'view_settings', values: changed, format: 'JSONEachRow' });
  } catch (error) {
    throw warehouseError(error, 'take the settings of the views into use');
  }
}
