import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { expect, onTestFinished, test } from 'vitest';
import { LocalRegistry } from '../../src/decode/local-registry.ts';
import { recordSchema } from '../../src/decode/record-schema.ts';
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../../src/decode/schema-folder.ts';
import { Slots } from '../../src/decode/slots.ts';
import { ValueDecoder } from '../../src/decode/value-decoder.ts';

const APP_EVENT = readSchemaFolder(BUNDLED_SCHEMAS).latest('app-events').schema;
/** What a small producer of its own would send: fewer fields, another name, one field more. */
const OWN = JSON.stringify({
  type: 'record',
  name: 'Click',
  aliases: ['dev.tidemark.AppEvent'],
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'event_id', type: 'string' },
    { name: 'screen', type: 'string', default: '' },
    { name: 'event_type', type: 'string' },
    { name: 'event_time', type: { type: 'long', logicalType: 'timestamp-micros' } },
  ],
});

test('the streams have the ids of ids.json under the subjects of their topics', async () => {
  const { registry } = opened({ topics: { orders: 'shop.orders' } });
  expect(registry.subjects()).toEqual([
    'app-events-value',
    'order-lines-value',
    'products-value',
    'shop.orders-value',
    'subscription-plans-value',
    'user-attributes-value',
  ]);
  expect(await registry.versions('shop.orders-value')).toMatchObject([{ version: 1, id: 5 }]);
  expect(await registry.schema(1)).toBe(APP_EVENT);
  expect(await registry.schema(7)).toBeUndefined();
  expect(await registry.versions('orders-value')).toEqual([]);
});

test('a stream’s own schema has its id whatever its spacing, its order of attributes and its topic', async () => {
  const { registry, folder } = opened();
  const { name, fields, ...rest } = JSON.parse(APP_EVENT) as Record<string, unknown>;
  const spaced = JSON.stringify({ fields, ...rest, name }, null, 7);
  const writer = { stream: 'app-events', schema: spaced };
  expect(await registry.register({ ...writer, topic: 'app-events' })).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
  expect(await registry.register({ ...writer, topic: 'elsewhere' })).toBe(1);
  expect(await registry.versions('elsewhere-value')).toMatchObject([{ version: 1, id: 1 }]);
});

test('a producer’s own schema is kept, and its records are decoded, also by another process', async () => {
  const { registry, reopened } = opened();
  const other = reopened();
  expect(other.subjects()).toHaveLength(6);
  const { id, version } = registry.add('app-events-value', OWN);
  expect({ id, version }).toEqual({ id: 100_001, version: 2 });
  expect(registry.add('app-events-value', OWN)).toMatchObject({ id, version });

  const body = avro.Type.forSchema(JSON.parse(OWN) as avro.Schema).toBuffer({
    user_id: 'u1',
    event_id: 'e1',
    screen: 'home',
    event_type: 'page_view',
    event_time: 5_000_000,
  });
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  const schema = recordSchema(JSON.parse(APP_EVENT) as object);
  const decoder = new ValueDecoder(schema);
  const slots = new Slots(schema.fields.length);
  const value = Buffer.concat([header, body]);
  expect(decoder.decode(value, 0, value.length, slots)).toEqual({ schemaId: id });
  decoder.learn(id, await other.schema(id));
  expect(decoder.decode(value, 0, value.length, slots)).toBeNull();
  expect(slots.text(schema.index('user_id'))).toBe('u1');
  expect(slots.number[schema.index('event_time')]).toBe(5_000_000);
});

test('two processes that register at once give different ids to different schemas, one to the same', () => {
  const { registry, reopened } = opened();
  const other = reopened();
  const ids = [0, 1, 2, 3].flatMap((at) => {
    const schema = JSON.stringify({ type: 'fixed', name: `f${at}`, size: 4 });
    const own = registry.add(`own-${at}`, schema).id;
    return [
      own,
      other.add(`other-${at}`, schema).id,
      other.add('x', `{"type":"map","values":"long","n":${at}}`).id,
    ];
  });
  expect(ids).toEqual([
    100_001, 100_001, 100_002, 100_003, 100_003, 100_004, 100_005, 100_005, 100_006, 100_007,
    100_007, 100_008,
  ]);
  expect(reopened().subjects()).toEqual(registry.subjects());
});

test('what the stream cannot read is refused at every level of compatibility', () => {
  const { registry } = opened();
  const without = changed((fields) => fields.filter(({ name }) => name !== 'user_id'));
  const number = changed((fields) =>
    fields.map((field) => (field.name === 'user_id' ? { ...field, type: 'int' } : field)),
  );
  for (const level of ['BACKWARD', 'NONE'] as const) {
    registry.setLevel(level);
    expect(() => registry.add('app-events-value', without)).toThrow(
      /stream app-events cannot read its records: user_id: not in the writer's schema/,
    );
    expect(() => registry.add('app-events-value', number)).toThrow(
      /cannot read its records: user_id/,
    );
  }
  expect(registry.add('of-another-subject', without).version).toBe(1);
});

test('a field more needs a default at the level BACKWARD, and not at FORWARD', () => {
  const { registry, reopened } = opened();
  const more = changed((fields) => [...fields, { name: 'screen', type: 'string' }]);
  expect(() => registry.add('app-events-value', more)).toThrow(
    /cannot read what version 1 wrote: .*screen/,
  );
  registry.setLevel('FORWARD', 'app-events-value');
  expect(reopened().add('app-events-value', more).version).toBe(2);
  expect([
    registry.level(),
    registry.level('app-events-value'),
    registry.levelOf('constructor'),
  ]).toEqual(['BACKWARD', 'FORWARD', undefined]);
});

test.each([
  ['BACKWARD', 'long', true],
  ['BACKWARD', 'int', false],
  ['FORWARD', 'int', true],
  ['FORWARD', 'double', false],
  ['FULL', 'double', false],
  ['FULL', 'long', true],
  ['BACKWARD_TRANSITIVE', 'long', true],
  ['FORWARD_TRANSITIVE', 'long', false],
  ['FULL_TRANSITIVE', 'long', false],
  ['NONE', 'string', true],
] as const)('at %s, int then long may be followed by %s: %s', async (level, next, taken) => {
  const { registry } = opened();
  registry.add('s', '"int"');
  registry.add('s', '"long"');
  registry.setLevel(level, 's');
  const schema = JSON.stringify({ type: next, note: 'another text, so that it is a new version' });
  expect((await registry.refusals('s', schema)).length === 0).toBe(taken);
});

test.each([
  '{',
  '"nothing"',
  '{"type":"record","name":"R"}',
  '7',
  '[["int"]]',
  `${'['.repeat(50_000)}`,
])('what is no Avro schema is refused (%#)', (text) => {
  const { registry } = opened();
  expect(() => registry.add('s', text)).toThrow(
    expect.objectContaining({ code: 'schema_invalid' }),
  );
});

test('a broken file, an id of two schemas and a folder that takes nothing are named', () => {
  const broken = opened();
  writeFileSync(join(broken.folder, '1.json'), '{"subject":"s"');
  expect(broken.reopened).toThrow(/1\.json: SyntaxError/);

  const twice = opened();
  const entry = { subject: 's', id: 3, schema: '"int"' };
  writeFileSync(join(twice.folder, '1.json'), JSON.stringify(entry));
  expect(twice.reopened).toThrow(
    /id 3 is that of a schema of user-attributes-value and of another/,
  );

  const file = join(broken.folder, 'file');
  writeFileSync(file, '');
  const registry = new LocalRegistry({ schemas: BUNDLED_SCHEMAS, registered: file, topics: {} });
  expect(() => registry.add('s', '"int"')).toThrow(/cannot be stored in .*file .*--data-dir/);
});

interface Field {
  readonly name: string;
  readonly type: unknown;
}

function changed(change: (fields: readonly Field[]) => readonly Field[]): string {
  const schema = JSON.parse(APP_EVENT) as { fields: readonly Field[] };
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
}

function opened({ topics = {} }: { topics?: Readonly<Record<string, string>> } = {}): {
  registry: LocalRegistry;
  folder: string;
  reopened: () => LocalRegistry;
} {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const reopened = () =>
    new LocalRegistry({ schemas: BUNDLED_SCHEMAS, registered: folder, topics });
  return { registry: reopened(), folder, reopened };
}
