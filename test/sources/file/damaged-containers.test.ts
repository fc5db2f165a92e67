/** Containers that lie: they are refused in words, and no record of them is lost without one. */
import avro from 'avsc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRows } from '../../../src/sources/file/open-rows.ts';
import { containerLog } from '../../../src/sources/file/container-log.ts';
import { FileError } from '../../../src/sources/file/file-error.ts';
import type { TemporaryFolder } from './support.ts';
import { rowsOf, temporaryFolder } from './support.ts';

const SCHEMA = {
  type: 'record',
  name: 'Day',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
  ],
} satisfies avro.Schema;
const TYPE = avro.Type.forSchema(SCHEMA);
const LONG = avro.Type.forSchema('long');
const SYNC = Buffer.alloc(16, 7);

function container(counted: number, days: readonly number[], schema = JSON.stringify(SCHEMA)) {
  const body = Buffer.concat(days.map((day) => TYPE.toBuffer({ user_id: 'ana', day })));
  const meta = { 'avro.schema': Buffer.from(schema), 'avro.codec': Buffer.from('null') };
  return Buffer.concat([
    Buffer.from('Obj\x01', 'latin1'),
    avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer(meta),
    SYNC,
    LONG.toBuffer(counted),
    LONG.toBuffer(body.length),
    body,
    SYNC,
  ]);
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

test.each([0, 1])(
  'records that a block of %i does not count are not passed over',
  async (counted) => {
    const path = await folder.write('more.avro', container(counted, [1, 2, 3]));
    const problem = `${path}, after row ${counted}: the block holds more than the records that it counts`;
    await expect(rowsOf(path)).rejects.toThrow(problem);
    await using file = await openRows(path);
    const log = containerLog({
      path,
      container: file.container!,
      schema: SCHEMA,
      key: 'user_id',
      prefix: Buffer.alloc(5),
      time: 0,
      seed: 0,
    });
    const read = async () => {
      let records = 0;
      for await (const batch of log) records = batch.nextOffset;
      return records;
    };
    await expect(read()).rejects.toThrow(problem);
  },
);

test('a block of less than no records, and a schema that is none, are refused in words', async () => {
  const less = await folder.write('less.avro', container(-1, [1]));
  await expect(rowsOf(less)).rejects.toThrow(/less\.avro, at byte \d+: a block of -1 records/);
  for (const [schema, words] of [
    ['{"type":', 'its schema is no JSON'],
    ['null', 'has no schema of records'],
  ] as const) {
    const path = await folder.write('schema.avro', container(1, [1], schema));
    await expect(rowsOf(path)).rejects.toThrow(FileError);
    await expect(rowsOf(path)).rejects.toThrow(words);
  }
});

test('a date that no calendar has is no time, and the rows after it are read', async () => {
  const path = await folder.write('days.avro', container(2, [2 ** 31 - 1, 1]));
  const rows = await rowsOf(path);
  expect(rows.map(({ cells }) => cells[1])).toEqual(['2147483647 days', '1970-01-02']);
});

/** A frame of zeros: blocks of one repeated byte, 128 KiB each. */
function zeros(blocks: number, header: readonly number[]): Buffer {
  const repeated = (last: boolean): number[] => {
    const head = (131_072 << 3) | (1 << 1) | (last ? 1 : 0);
    return [head & 0xff, (head >> 8) & 0xff, head >> 16, 0];
  };
  const all = Array.from({ length: blocks }, (_, at) => repeated(at === blocks - 1));
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header, ...all.flat()]);
}

function zstandard(packed: Buffer): Buffer {
  const meta = {
    'avro.schema': Buffer.from(JSON.stringify(SCHEMA)),
    'avro.codec': Buffer.from('zstandard'),
  };
  return Buffer.concat([
    Buffer.from('Obj\x01', 'latin1'),
    avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer(meta),
    SYNC,
    LONG.toBuffer(1),
    LONG.toBuffer(packed.length),
    packed,
    SYNC,
  ]);
}

test.each([
  { what: 'grows beyond it', packed: zeros(2049, [0, 0x58]) },
  { what: 'announces a window beyond it', packed: zeros(1, [0, 0xff]) },
  {
    what: 'announces a window beyond it in its second frame',
    packed: Buffer.concat([zeros(1, [0, 0x58]), zeros(1, [0, 0xff])]),
  },
  { what: 'announces a size beyond it', packed: zeros(1, [0xe0, 0, 0, 0, 0, 1, 0, 0, 0]) },
])('a block of Zstandard that $what is refused at the bound of a block', async ({ packed }) => {
  const path = await folder.write('bomb.avro', zstandard(packed));
  const before = process.memoryUsage().rss;
  await expect(rowsOf(path)).rejects.toThrow(
    'a block cannot be unpacked: it is larger than 268435456 bytes when unpacked',
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
});
