/** Files for one test: written to a temporary folder, their rows encoded and decoded again. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { recordSchema } from '../../../src/decode/record-schema.ts';
import { NO_MAPPING, parseMapping } from '../../../src/sources/file/mapping.ts';
import { openRows } from '../../../src/sources/file/open-rows.ts';
import type { FileFormat } from '../../../src/sources/file/open-rows.ts';
import { RowEncoder } from '../../../src/sources/file/row-encoder.ts';
import type { RowTarget } from '../../../src/sources/file/row-plan.ts';
import type { Row } from '../../../src/sources/file/row-file.ts';

export interface TemporaryFolder extends AsyncDisposable {
  write(name: string, content: string | Buffer): Promise<string>;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-files-'));
  return {
    async write(name, content) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function rowsOf(path: string, format?: FileFormat): Promise<Row[]> {
  await using file = await openRows(path, format);
  const rows: Row[] = [];
  for await (const group of file.rows()) rows.push(...group);
  return rows;
}

const KEYS = { 'app-event': 'user_id', 'order-line': 'customer_id', order: 'order_id' } as const;

/** What a file's rows become: records decoded again, `left out`, or the fault's code. */
export async function recordsOf(
  path: string,
  mapping: object | null = null,
  {
    schema = 'app-event',
    timezone = 'UTC',
  }: { schema?: keyof typeof KEYS; timezone?: string } = {},
): Promise<{ key: string | null; record: Record<string, unknown> | string }[]> {
  const json = JSON.parse(
    readFileSync(new URL(`../../../schemas/${schema}.avsc`, import.meta.url), 'utf8'),
  ) as avro.Schema & object;
  const type = avro.Type.forSchema(json);
  const target: RowTarget = {
    stream: `${schema}s`,
    fields: recordSchema(json).fields,
    key: KEYS[schema],
    hashed: schema === 'app-event' ? 'event_id' : null,
    timezone,
  };
  await using file = await openRows(path);
  const encoder = new RowEncoder(
    target,
    mapping === null ? NO_MAPPING : parseMapping(mapping, 'map.json'),
    file,
    Buffer.from([7]),
  );
  const records: { key: string | null; record: Record<string, unknown> | string }[] = [];
  for await (const group of file.rows()) {
    for (const row of group) {
      const encoded = encoder.encode(row);
      if (encoded.kind === 'left_out') records.push({ key: null, record: 'left out' });
      else if (encoded.kind === 'fault') records.push({ key: null, record: encoded.fault.code });
      else {
        const record = type.fromBuffer(encoded.value.subarray(1)) as Record<string, unknown>;
        records.push({ key: encoded.key?.toString() ?? null, record: { ...record } });
      }
    }
  }
  return records;
}
