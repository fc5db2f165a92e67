/**
 * In: an event and the schema that its producer writes with. Out: a Confluent Avro value. Several
 * generations of producers, and a small Avro encoder that can also write what a sound one refuses.
 */
import { readFileSync } from 'node:fs';
import { NOTHING_SENT } from './log.ts';
import type { SentEvent } from './log.ts';

export interface WriterSchema {
  readonly id: number;
  readonly fields: readonly WriterField[];
}

interface WriterField {
  readonly name: string;
  readonly type: unknown;
  readonly write: (event: SentEvent) => Buffer;
}

type TextField = Exclude<keyof SentEvent, 'event_time' | 'miles_amount' | 'properties'>;

const required = (name: TextField): WriterField => ({
  name,
  type: 'string',
  write: (event) => avroString(event[name] ?? ''),
});

const optional = (name: TextField): WriterField => ({
  name,
  type: ['null', 'string'],
  write: (event) => nullable(event[name], 0, avroString),
});

/** The same union with its branches the other way round. */
const optionalLast = (name: TextField): WriterField => ({
  name,
  type: ['string', 'null'],
  write: (event) => nullable(event[name], 1, avroString),
});

const eventTime: WriterField = {
  name: 'event_time',
  type: { type: 'long', logicalType: 'timestamp-micros' },
  write: (event) => avroLong(event.event_time),
};

const miles: WriterField = {
  name: 'miles_amount',
  type: ['null', 'long'],
  write: (event) => nullable(event.miles_amount, 0, avroLong),
};

const properties: WriterField = {
  name: 'properties',
  type: { type: 'map', values: 'string' },
  write: (event) => avroMap(event.properties),
};

const required4 = [required('event_id'), required('user_id'), required('event_type'), eventTime];
const references = (['product_id', 'order_id', 'plan_id', 'feature'] as const).map(optional);

/** A field that the reader does not know and has to walk over. */
const unknownField: WriterField = {
  name: 'trace',
  type: {
    type: 'record',
    name: 'Trace',
    fields: [
      { name: 'sampled', type: 'boolean' },
      { name: 'weight', type: 'double' },
      {
        name: 'spans',
        type: { type: 'array', items: ['null', 'long', 'string'] },
      },
      {
        name: 'kind',
        type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] },
      },
      { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 3 } },
    ],
  },
  write: (event) =>
    Buffer.concat([
      Buffer.from([1]),
      Buffer.alloc(8, 7),
      avroLong(2),
      avroLong(1),
      avroLong(event.event_time),
      avroLong(2),
      avroString(event.user_id),
      avroLong(0),
      avroLong(1),
      Buffer.from('abc'),
    ]),
};

export const fullSchema: WriterSchema = {
  id: 1,
  fields: [
    ...required4,
    ...(['platform', 'utm_source', 'country', 'transaction_category'] as const).map(optional),
    miles,
    ...(['producer_session_id', 'page_url'] as const).map(optional),
    ...references,
    properties,
  ],
};

/** Older producers: fewer fields. */
export const olderSchema: WriterSchema = {
  id: 101,
  fields: [...required4, optional('platform'), miles],
};

/** Another order, unions the other way round, and a field of their own in the middle. */
export const reorderedSchema: WriterSchema = {
  id: 102,
  fields: [
    properties,
    miles,
    eventTime,
    unknownField,
    required('user_id'),
    optionalLast('platform'),
    optionalLast('country'),
    required('event_type'),
    optionalLast('utm_source'),
    ...references,
    required('event_id'),
  ],
};

/** Known to the registry, but not readable as an app event. */
export const FOREIGN_SCHEMA_ID = 103;
const foreignSchema = {
  type: 'record',
  name: 'Other',
  fields: [{ name: 'amount', type: 'long' }],
};

export const UNKNOWN_SCHEMA_ID = 999;

const writers = [fullSchema, olderSchema, reorderedSchema];

/** What the registry knows: the text of every schema by its id. */
export function registeredSchemas(): ReadonlyMap<number, string> {
  const texts = new Map<number, string>([[FOREIGN_SCHEMA_ID, JSON.stringify(foreignSchema)]]);
  for (const { id, fields } of writers) {
    const plain = fields.map(({ name, type }) => ({ name, type }));
    texts.set(id, JSON.stringify({ type: 'record', name: 'AppEvent', fields: plain }));
  }
  const published = new URL('../../schemas/app-event.avsc', import.meta.url);
  texts.set(fullSchema.id, readFileSync(published, 'utf8'));
  return texts;
}

/** The event as a producer with this schema knows it: fields it lacks are not sent. */
export function asSent(event: SentEvent, schema: WriterSchema): SentEvent {
  const sent = new Set(schema.fields.map((field) => field.name));
  const known = Object.entries(event).filter(([name]) => sent.has(name));
  return { ...event, ...NOTHING_SENT, ...Object.fromEntries<SentEvent[keyof SentEvent]>(known) };
}

/** The whole value: magic byte, schema id, body. `replace` puts other bytes in the place of a field. */
export function encode(
  event: SentEvent,
  schema: WriterSchema,
  replace: Readonly<Record<string, Buffer>> = {},
): Buffer {
  const fields = schema.fields.map((field) => replace[field.name] ?? field.write(event));
  return confluent(schema.id, Buffer.concat(fields));
}

export function confluent(schemaId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(schemaId, 1);
  return Buffer.concat([head, body]);
}

export function avroLong(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function avroString(text: string): Buffer {
  return avroBytes(Buffer.from(text, 'utf8'));
}

export function avroBytes(bytes: Buffer): Buffer {
  return Buffer.concat([avroLong(bytes.length), bytes]);
}

function nullable<T>(value: T | null, nullBranch: 0 | 1, write: (value: T) => Buffer): Buffer {
  if (value === null) return avroLong(nullBranch);
  return Buffer.concat([avroLong(1 - nullBranch), write(value)]);
}

function avroMap(map: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(map);
  if (entries.length === 0) return avroLong(0);
  const written = entries.flatMap(([key, value]) => [avroString(key), avroString(value)]);
  return Buffer.concat([avroLong(entries.length), ...written, avroLong(0)]);
}
