/**
 * Schemas that a registry could hold and nobody should have written: recursive, deep, wide, contradictory,
 * and no schemas at all. In: the stream's own one. Out: all by id.
 */
import { readFileSync } from 'node:fs';

export const OWN_SCHEMA = readFileSync(
  new URL('../../schemas/app-event.avsc', import.meta.url),
  'utf8',
);
const OWN = JSON.parse(OWN_SCHEMA) as { fields: object[] };

function withField(type: unknown): string {
  const added = { name: 'added', type };
  return JSON.stringify({ ...OWN, fields: [added, ...OWN.fields] });
}

function nested(levels: number, around: (inner: unknown) => unknown): unknown {
  let type: unknown = 'string';
  for (let level = 0; level < levels; level++) type = around(type);
  return type;
}

/** Text, because so deep a thing is hard to make. */
function withText(type: string): string {
  return OWN_SCHEMA.replace('"fields": [', `"fields": [{"name":"added","type":${type}},`);
}

const DEEP = 100_000;

function deep(open: string, inner: string, close: string): string {
  return open.repeat(DEEP) + inner + close.repeat(DEEP);
}

const list = {
  type: 'record',
  name: 'Node',
  fields: [
    { name: 'next', type: ['null', 'Node'] },
    { name: 'value', type: 'long' },
  ],
};
const tree = {
  type: 'record',
  name: 'Tree',
  fields: [
    { name: 'weight', type: 'int' },
    { name: 'children', type: { type: 'array', items: 'Tree' } },
  ],
};
let levels = 0;
const doubling = nested(40, (inner) => {
  const name = `Level${levels++}`;
  const before = typeof inner === 'string' ? 'null' : inner;
  const again = typeof inner === 'string' ? 'null' : `Level${levels - 2}`;
  return {
    type: 'record',
    name,
    fields: [
      { name: 'a', type: before },
      { name: 'b', type: again },
    ],
  };
});

const TEXTS: readonly string[] = [
  OWN_SCHEMA,
  withField(list),
  withField(tree),
  withField(nested(20, (values) => ({ type: 'map', values }))),
  withField(nested(20, (items) => ({ type: 'array', items }))),
  withText(deep('{"type":"map","values":', '"long"', '}')),
  withText(`{"type":"enum","name":"Deep","symbols":${deep('[', '', ']')}}`),
  withText(`{"type":"fixed","name":"Deep","size":${deep('[', '', ']')}}`),
  withText(`{"type":"bytes","logicalType":"decimal","scale":${deep('[', '', ']')}}`),
  withText(`"long","default":${deep('[', '', ']')}`),
  withField(doubling),
  withField({ type: 'fixed', name: 'Large', size: 2 ** 31 }),
  withField(['null', 'long', 'double', 'bytes', { type: 'map', values: 'bytes' }]),
  withField({
    type: 'enum',
    name: 'Many',
    symbols: Array.from({ length: 500 }, (_, i) => `S${i}`),
  }),
  JSON.stringify({ ...OWN, fields: OWN.fields.toReversed() }),
  JSON.stringify({
    ...OWN,
    fields: Array.from({ length: 2_000 }, (_, i) => ({ name: `f${i}`, type: 'long' })),
  }),
  '{"type":"record","name":"AppEvent","fields":[{"name":"event_id","type":"AppEvent"}]}',
  '"string"',
  '[]',
  '{',
  'null',
  '{"type":"array"}',
];

/** From 1 on; others are unknown. */
export const HOSTILE_SCHEMAS: ReadonlyMap<number, string> = new Map(
  TEXTS.map((text, i) => [i + 1, text]),
);
