/**
 * One outgoing message in, its bytes in a Kafka batch (format 2) out, written into one buffer of the
 * right size.
 */
export interface OutgoingMessage {
  readonly offsetDelta?: number;
  /** Milliseconds after the first record of the batch. */
  readonly timestampDelta?: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  /** A header may have several values; undefined is a header without a value. */
  readonly headers?: Readonly<
    Record<string, Buffer | string | readonly (Buffer | string)[] | null | undefined>
  >;
}

type Field = Buffer | null;

export function encodeRecord(message: OutgoingMessage): Buffer {
  const timestampDelta = message.timestampDelta ?? 0;
  const offsetDelta = message.offsetDelta ?? 0;
  const fields: Field[] = [toField(message.key), toField(message.value)];
  const headers = message.headers === undefined ? NO_HEADERS : listHeaders(message.headers);

  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta);
  size += fieldSize(fields[0]!) + fieldSize(fields[1]!) + varintSize(headers.length / 2);
  for (const field of headers) size += fieldSize(field);

  const bytes = Buffer.allocUnsafe(varintSize(size) + size);
  let at = writeVarint(bytes, 0, size);
  bytes[at++] = 0; // Attributes: Kafka defines none.
  at = writeVarint(bytes, at, timestampDelta);
  at = writeVarint(bytes, at, offsetDelta);
  for (const field of fields) at = writeField(bytes, at, field);
  at = writeVarint(bytes, at, headers.length / 2);
  for (const field of headers) at = writeField(bytes, at, field);
  return bytes;
}

const NO_HEADERS: readonly Field[] = [];

/** Names and values in turn. */
function listHeaders(headers: NonNullable<OutgoingMessage['headers']>): Field[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (isList(values) ? values : [values]).flatMap((value) => [Buffer.from(name), toField(value)]),
  );
}

function isList<T>(values: T | readonly T[]): values is readonly T[] {
  return Array.isArray(values);
}

function toField(value: Buffer | string | null | undefined): Field {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function fieldSize(field: Field): number {
  return field === null ? 1 : varintSize(field.length) + field.length;
}

function writeField(bytes: Buffer, at: number, field: Field): number {
  if (field === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, field.length);
  bytes.set(field, start);
  return start + field.length;
}

/** Even for what is not negative, odd for what is; exact up to 2^52. */
const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value);

function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = zigzag(value);
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
  bytes[at++] = rest;
  return at;
}
