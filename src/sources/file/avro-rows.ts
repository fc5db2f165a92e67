/** In: an Avro container file's schema and blocks. Out: its records as rows, the fields as columns. */
import avro from 'avsc';
import { readContainer } from './avro-container.ts';
import type { AvroContainer } from './avro-container.ts';
import { FileError, causeOf } from './file-error.ts';
import { ROWS_AT_A_TIME } from './row-file.ts';
import type { Column, Row } from './row-file.ts';

interface AvroRows {
  readonly container: AvroContainer;
  readonly columns: readonly Column[];
  rows(): AsyncIterable<readonly Row[]>;
}

interface AvroField {
  readonly name: string;
  readonly type: unknown;
}

/** Longs that a number cannot hold exactly come out as bigints. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const value = bytes.readBigInt64LE();
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: unknown) => value,
  toJSON: (value: unknown) => value,
  isValid: (value: unknown) => typeof value === 'number' || typeof value === 'bigint',
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** Throws a FileError when the file's records are not records, or its schema is none. */
export async function readAvro(path: string, chunks: AsyncIterable<Buffer>): Promise<AvroRows> {
  const container = await readContainer(path, chunks);
  const { fields } = container.schema as { readonly fields?: readonly AvroField[] };
  if (!Array.isArray(fields)) {
    throw new FileError('wrong_file', `${path} holds values that are not records`);
  }
  const type = recordType(path, container.schema);
  const columns = (fields as readonly AvroField[]).map(columnOf);
  return { container, columns, rows: () => rows(path, container.blocks(), type, columns) };
}

function recordType(path: string, schema: object): avro.Type {
  try {
    return avro.Type.forSchema(schema as avro.Schema, {
      typeHook: (inner) => {
        const name: unknown = typeof inner === 'object' && 'type' in inner ? inner.type : inner;
        return name === 'long' ? exactLong : undefined;
      },
    });
  } catch (error) {
    throw new FileError(
      'wrong_file',
      `${path} has a schema that is none: ${causeOf(error)}`,
      error,
    );
  }
}

async function* rows(
  path: string,
  blocks: AsyncIterable<{ readonly count: number; readonly bytes: Buffer }>,
  type: avro.Type,
  columns: readonly ReadColumn[],
): AsyncGenerator<readonly Row[]> {
  let number = 0;
  for await (const { count, bytes } of blocks) {
    let position = 0;
    let group: Row[] = [];
    for (let left = count; left > 0; left--) {
      number++;
      const decoded = decode(path, number, type, bytes, position);
      const record = bytes.subarray(position, decoded.offset);
      position = decoded.offset;
      if (replacements(decoded.value) > replacementsIn(record)) {
        group.push(notUtf8(number, record));
      } else {
        group.push({ number, cells: cellsOf(decoded.value, columns), fault: null });
      }
      if (group.length === ROWS_AT_A_TIME || left === 1) {
        yield group;
        group = [];
      }
    }
    if (position < bytes.length) throw longerBlock(path, number);
  }
}

/** Records that a block does not count would be lost without a word. */
export function longerBlock(path: string, row: number): FileError {
  return new FileError(
    'unreadable_file',
    `${path}, after row ${row}: the block holds more than the records that it counts`,
  );
}

interface ReadColumn extends Column {
  readonly read?: (value: unknown) => unknown;
}

function cellsOf(
  record: Readonly<Record<string, unknown>>,
  columns: readonly ReadColumn[],
): readonly unknown[] {
  return columns.map(({ name, read }) => {
    const value = record[name];
    return read === undefined || value === null ? value : read(value);
  });
}

const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);

/** How often the decoder put the sign for what is not UTF-8, or the record has it. */
function replacements(value: unknown): number {
  if (typeof value === 'string') {
    return value.includes(REPLACEMENT) ? value.split(REPLACEMENT).length - 1 : 0;
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 0;
  let count = 0;
  for (const [key, inner] of Object.entries(value)) {
    count += replacements(key) + replacements(inner);
  }
  return count;
}

function replacementsIn(record: Buffer): number {
  let count = 0;
  for (let at = record.indexOf(REPLACEMENT_BYTES); at !== -1; count++) {
    at = record.indexOf(REPLACEMENT_BYTES, at + REPLACEMENT_BYTES.length);
  }
  return count;
}

/** Its bytes are kept, one character each. */
function notUtf8(number: number, record: Buffer): Row {
  const fault = { code: 'invalid_utf8', detail: 'a string of the record is not UTF-8' } as const;
  return { number, cells: [record.toString('latin1')], fault };
}

function decode(path: string, row: number, type: avro.Type, bytes: Buffer, position: number) {
  let problem = 'the block ends before its record does';
  try {
    const decoded = type.decode(bytes, position) as {
      readonly value: Readonly<Record<string, unknown>>;
      readonly offset: number;
    };
    if (decoded.offset >= 0) return decoded;
  } catch (error) {
    problem = causeOf(error);
  }
  throw new FileError('unreadable_file', `${path}, row ${row}: ${problem}`);
}

/** What a column holds besides plain values, by its logical type. */
function columnOf({ name, type }: AvroField): ReadColumn {
  const branches: readonly unknown[] = Array.isArray(type) ? type : [type];
  const value = branches.find((branch) => branch !== 'null');
  if (typeof value !== 'object' || value === null) return { name };
  const { logicalType, scale = 0 } = value as { logicalType?: string; scale?: number };
  switch (logicalType) {
    case 'timestamp-micros':
      return { name, time: 'epoch_us' };
    case 'timestamp-millis':
      return { name, time: 'epoch_ms' };
    case 'date':
      return {
        name,
        read: (days) => dateText(Number(days)),
      };
    case 'decimal':
      return { name, read: (bytes) => decimalText(bytes as Buffer, scale) };
    default:
      return { name };
  }
}

/** Beyond what has a name it is left as a number of days, which is no time. */
function dateText(days: number): string {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) ? `${days} days` : date.toISOString().slice(0, 10);
}

function decimalText(bytes: Buffer, scale: number): string {
  const unscaled =
    bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
}
