import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../../src/decode/schema-folder.ts';

const record = z.strictObject({
  type: z.literal('record'),
  name: z.string(),
  namespace: z.literal('dev.tidemark'),
  doc: z.string().min(20),
  fields: z.array(
    z.strictObject({
      name: z.string(),
      type: z.unknown(),
      default: z.unknown().optional(),
      doc: z.string().min(10),
    }),
  ),
});

const STREAMS = {
  'app-events': 'AppEvent',
  'order-lines': 'OrderLine',
  'user-attributes': 'UserAttributes',
  products: 'Product',
  orders: 'Order',
  'subscription-plans': 'SubscriptionPlan',
};

test('every stream has its schema, and the ids are 1 to 6 for ever', () => {
  const { versions } = readSchemaFolder(BUNDLED_SCHEMAS);
  const names = versions.map(({ schema }) => record.parse(JSON.parse(schema)).name);
  expect(versions.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(Object.fromEntries(versions.map(({ stream }, i) => [stream, names[i]]))).toEqual(STREAMS);
});

test.each(Object.keys(STREAMS))('%s is valid Avro, documented field by field', (stream) => {
  const { schema } = readSchemaFolder(BUNDLED_SCHEMAS).latest(stream);
  const { fields } = record.parse(JSON.parse(schema));
  expect(avro.parse(schema)).toHaveProperty('typeName', 'record');
  const wrong = fields.filter((field) => {
    const type = JSON.stringify(field.type);
    const wanted = Array.isArray(field.type) ? 'null' : type.includes('"map"') ? '{}' : undefined;
    const unit = 'microseconds since 1970-01-01T00:00:00Z';
    return (
      JSON.stringify(field.default) !== wanted ||
      type.includes('timestamp') !== field.doc.includes(unit)
    );
  });
  expect(wrong).toEqual([]);
});

test('a new version gets a new id, and the old one keeps its own', () => {
  const folder = folderOf({
    'ids.json': [
      { id: 1, stream: 's', file: 's.v1.avsc' },
      { id: 4, stream: 's', file: 's.avsc' },
    ],
    's.v1.avsc': 'int',
    's.avsc': 'long',
  });
  expect(readSchemaFolder(folder).latest('s').id).toBe(4);
  expect(readSchemaFolder(folder).versions[0]).toMatchObject({ id: 1, schema: '"int"' });
});

test.each([
  ['descending ids', [2, 1], /ids\.json: id 1 comes after 2/],
  ['an id twice', [1, 1], /ids must ascend/],
  ['an id of 0', [0], /ids\.json: .*id/s],
])('%s are refused by name', (_, ids, message) => {
  const folder = folderOf({
    'ids.json': ids.map((id) => ({ id, stream: 's', file: 's.avsc' })),
    's.avsc': 'int',
  });
  expect(() => readSchemaFolder(folder)).toThrow(message);
});

test('what is missing is named', () => {
  const folder = folderOf({ 'ids.json': [{ id: 1, stream: 's', file: 'gone.avsc' }] });
  expect(() => readSchemaFolder(folder)).toThrow(/gone\.avsc: ENOENT/);
  expect(() => readSchemaFolder(join(folder, 'nowhere'))).toThrow(/ids\.json: ENOENT/);
  expect(() => readSchemaFolder(BUNDLED_SCHEMAS).latest('event')).toThrow(
    /no schema for stream "event"; there are app-events, /,
  );
});

function folderOf(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'schemas-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), JSON.stringify(content));
  }
  return folder;
}
