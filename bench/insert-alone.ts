/** In: raw rows in ClickHouse. Out: how fast it takes the same rows again, from a file, with and without the view and in several formats. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BenchClickHouse } from './clickhouse.ts';
import { measure, type Result } from './measure.ts';

const ROWS_PER_BLOCK = 65_409;

/** The forms in which raw rows could be sent; the first one is what Tidemark sends. */
const FORMATS = ['Native', 'RowBinary', 'Avro'] as const;
type Format = (typeof FORMATS)[number];

/** `clickhouse` holds the rows in `raw`, as the Kafka engine left them; the tables are emptied. */
export async function insertAlone(clickhouse: BenchClickHouse): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const file = (format: Format): string => join(folder, `raw.${format}`);
  try {
    const events = await clickhouse.number('SELECT count() FROM raw');
    for (const format of FORMATS) {
      const rows = await clickhouse.client.exec({
        query: `SELECT * FROM raw FORMAT ${format} SETTINGS max_block_size = ${ROWS_PER_BLOCK}`,
      });
      await pipeline(rows.stream, createWriteStream(file(format)));
    }
    const results = [await insert(clickhouse, 'Native', file('Native'), 'with the view')];
    await clickhouse.run('DROP TABLE raw_to_user_days SYNC');
    for (const format of FORMATS) {
      results.push(await insert(clickhouse, format, file(format), 'without a view'));
    }
    return results.map((result) => ({ ...result, events }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function insert(
  clickhouse: BenchClickHouse,
  format: Format,
  file: string,
  views: string,
): Promise<Omit<Result, 'events'>> {
  await clickhouse.run('TRUNCATE TABLE raw SYNC; TRUNCATE TABLE user_days SYNC');
  const measured = await measure({ clickhouse: clickhouse.pid }, async () => {
    const result = await clickhouse.client.exec({
      query: `INSERT INTO raw FORMAT ${format}`,
      values: createReadStream(file, { highWaterMark: 1024 * 1024 }),
      clickhouse_settings: { async_insert: 0 },
    });
    await result.stream.resume().toArray();
  });
  return { name: `ClickHouse: insert raw rows from a file in ${format}, ${views}`, ...measured };
}
