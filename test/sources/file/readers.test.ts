import { gzipSync } from 'node:zlib';
import { finished } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import avro from 'avsc';
import { expect, test } from 'vitest';
import { openRows } from '../../../src/sources/file/open-rows.ts';
import { rowsOf, temporaryFolder } from './support.ts';

const cells = async (path: string) =>
  (await rowsOf(path)).map(({ number, cells, fault }) => [number, fault?.code ?? cells]);

test('CSV: a byte order mark, CRLF and blank lines are accepted, empty cells are null', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write(
    'a.csv',
    '\ufeffid,name\r\n1,a\r\n\r\n2,\r\n\r\n3,"x, ""y""\nz"\r\n',
  );
  expect(await cells(path)).toEqual([
    [1, ['1', 'a']],
    [2, ['2', null]],
    [3, ['3', 'x, "y"\nz']],
  ]);
  await using file = await openRows(path);
  expect(file.columns.map(({ name }) => name)).toEqual(['id', 'name']);
});

test('CSV: a wrong number of cells is a fault of that row, which keeps its number', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.csv', 'id,name\n1\n2,b,c\n3,d\n');
  expect(await cells(path)).toEqual([
    [1, 'wrong_number_of_cells'],
    [2, 'wrong_number_of_cells'],
    [3, ['3', 'd']],
  ]);
});

test('CSV: the last line needs no end, and a file of a header has no rows', async () => {
  await using folder = await temporaryFolder();
  expect(await cells(await folder.write('a.csv', 'id\n1\n2'))).toHaveLength(2);
  expect(await cells(await folder.write('b.csv', 'id,name\n'))).toEqual([]);
});

test('CSV: an empty file and a column named twice are refused', async () => {
  await using folder = await temporaryFolder();
  await expect(rowsOf(await folder.write('a.csv', ''))).rejects.toThrow(/a\.csv is empty/);
  await expect(rowsOf(await folder.write('b.csv', 'id,x,id\n1,2,3\n'))).rejects.toThrow(
    /b\.csv has two columns named "id"/,
  );
});

test('CSV: a quotation mark that is never closed is told, with the row before it', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.csv', 'id,name\n1,a\n2,"b\n3,c\n');
  await expect(rowsOf(path)).rejects.toMatchObject({
    code: 'unreadable_file',
    message: expect.stringMatching(
      /a\.csv, after row 1: .*is a quotation mark not closed/,
    ) as string,
  });
});

test('gzip: files are unpacked, several members too; a file that was cut off is told', async () => {
  await using folder = await temporaryFolder();
  const packed = Buffer.concat([gzipSync('id\n1\n'), gzipSync('2\n')]);
  expect(await cells(await folder.write('a.csv.gz', packed))).toEqual([
    [1, ['1']],
    [2, ['2']],
  ]);
  const cut = gzipSync(`id\n${'123456\n'.repeat(1000)}`).subarray(0, -12);
  await expect(rowsOf(await folder.write('b.csv.gz', cut))).rejects.toMatchObject({
    code: 'unreadable_file',
  });
});

test('NDJSON: one object a line; what is none is a fault of its row', async () => {
  await using folder = await temporaryFolder();
  const lines = [
    '\ufeff{"id":1,"name":"a"}',
    '',
    '{"name":null,"more":true}',
    '{oops',
    '[1]',
    '{"id":2}',
  ];
  const path = await folder.write('a.ndjson', lines.join('\r\n'));
  expect(await cells(path)).toEqual([
    [1, [1, 'a']],
    [2, [undefined, null, true]],
    [3, 'not_json'],
    [4, 'not_an_object'],
    [5, [2]],
  ]);
});

test('NDJSON: lines that do not fit a chunk come out whole', async () => {
  await using folder = await temporaryFolder();
  const rows = Array.from({ length: 50 }, (_, at) => ({ at, text: String(at).repeat(20_000) }));
  const path = await folder.write(
    'a.ndjson.gz',
    gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')),
  );
  expect((await rowsOf(path)).map((row) => row.cells)).toEqual(
    rows.map(({ at, text }) => [at, text]),
  );
});

const SCHEMA = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
  ],
} satisfies avro.Schema;

async function container(codec: string, records: readonly object[]): Promise<Buffer> {
  const encoder = new avro.streams.BlockEncoder(SCHEMA, { codec });
  const whole = buffer(encoder);
  for (const record of records) encoder.write(record);
  encoder.end();
  await finished(encoder);
  return whole;
}
const RECORD = { id: 5, at: 1000, price: Buffer.from([0xff, 0x38]), day: 1 };

test.each(['null', 'deflate'])(
  'Avro: fields of a container with codec %s are columns',
  async (codec) => {
    await using folder = await temporaryFolder();
    const bytes = await container(codec, [RECORD, { ...RECORD, id: 6, at: null }]);
    const path = await folder.write('a.avro', bytes);
    expect(await cells(path)).toEqual([
      [1, [5, 1000, '-2.00', '1970-01-02']],
      [2, [6, null, '-2.00', '1970-01-02']],
    ]);
    await using file = await openRows(path);
    expect(file.columns[1]).toEqual({ name: 'at', time: 'epoch_ms' });
  },
);

test('Avro: a container that ends in the middle of a block is told', async () => {
  await using folder = await temporaryFolder();
  const bytes = await container('null', [RECORD]);
  await expect(rowsOf(await folder.write('a.avro', bytes.subarray(0, -5)))).rejects.toMatchObject({
    code: 'unreadable_file',
  });
  bytes[bytes.length - 1]! ^= 1;
  await expect(rowsOf(await folder.write('b.avro', bytes))).rejects.toThrow(
    /b\.avro, at byte \d+: a block is not followed by its marker/,
  );
  await expect(rowsOf(await folder.write('c.avro', 'id\n1\n'))).rejects.toThrow(
    /c\.avro is not an Avro container file/,
  );
});

test('a missing file, a folder and an unknown extension are refused by name', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.txt', 'id\n1\n');
  await expect(openRows('/nowhere/x.csv')).rejects.toThrow(/^\/nowhere\/x\.csv cannot be read/);
  await expect(openRows('/', 'csv')).rejects.toThrow('/ is a folder, not a file');
  await expect(openRows(path)).rejects.toThrow(
    /a\.txt: its name does not say its format; give --format/,
  );
  expect(await rowsOf(path, 'csv')).toHaveLength(1);
});
