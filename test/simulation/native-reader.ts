/**
 * In: bytes in ClickHouse's Native format, one block after the other. Out: rows as plain objects.
 * Written from the format's description alone, so that it can judge the product's encoder.
 *
 * Values: every String is a "binary string" (one character a byte, see `binary`), whole numbers are
 * numbers (bigint beyond 2^53), Date is days, DateTime64 is ticks, Map is a list of [key, value],
 * Array and Tuple are lists, NULL is null.
 */
export type Value = string | number | bigint | null | readonly Value[];
export type Row = Record<string, Value>;

export interface Block {
  readonly types: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** The characters' UTF-8 bytes as a string of one character a byte. */
export function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function readNative(bytes: Buffer): Block[] {
  const reader = { bytes, at: 0 };
  const blocks: Block[] = [];
  while (reader.at < bytes.length) blocks.push(readBlock(reader));
  return blocks;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function readBlock(reader: Reader): Block {
  const columns = varint(reader);
  const count = varint(reader);
  const types: Record<string, string> = {};
  const rows: Row[] = Array.from({ length: count }, () => ({}));
  for (let c = 0; c < columns; c++) {
    const name = text(reader);
    const type = text(reader);
    if (name in types) throw new Error(`Native block has the column ${name} twice`);
    types[name] = type;
    const values = readColumn(reader, parseType(type), count);
    for (let r = 0; r < count; r++) (rows[r] as Row)[name] = values[r] as Value;
  }
  return { types, rows };
}

function varint(reader: Reader): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = take(reader, 1)[0] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}

function text(reader: Reader): string {
  return take(reader, varint(reader)).toString('latin1');
}

function take(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (end > reader.bytes.length) {
    throw new Error(`Native bytes end at ${reader.bytes.length}, ${end} were needed`);
  }
  const part = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return part;
}

interface Type {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** `Map(String, Array(UInt8))` as the name `Map` and the parameters `String` and `Array(UInt8)`. */
function parseType(type: string): Type {
  const open = type.indexOf('(');
  if (open < 0) return { name: type, parameters: [] };
  const parameters: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open + 1; i < type.length; i++) {
    const letter = type[i];
    if (letter === '(') depth++;
    if (depth === 0 && (letter === ',' || letter === ')')) {
      parameters.push(type.slice(start, i).trim());
      start = i + 1;
    }
    if (letter === ')') depth--;
  }
  return { name: type.slice(0, open), parameters };
}

const fixedWidths: Readonly<Record<string, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int8: 1,
  Int16: 2,
  Int32: 4,
  Int64: 8,
  Date: 2,
  Date32: 4,
  DateTime: 4,
  DateTime64: 8,
  Decimal: 8,
};

function isSigned(name: string): boolean {
  return !name.startsWith('UInt') && name !== 'Date' && name !== 'DateTime';
}

function readColumn(reader: Reader, type: Type, count: number): Value[] {
  const width = fixedWidths[type.name];
  if (width !== undefined) {
    const signed = isSigned(type.name);
    return Array.from({ length: count }, () => wholeNumber(take(reader, width), width, signed));
  }
  const inner = (index: number): Type => parseType(elementType(type.parameters[index] ?? ''));
  switch (type.name) {
    case 'String':
      return Array.from({ length: count }, () => text(reader));
    case 'Nullable': {
      const nulls = Buffer.from(take(reader, count));
      const values = readColumn(reader, inner(0), count);
      return values.map((value, i) => (nulls[i] === 1 ? null : value));
    }
    case 'Array':
      return readLists(reader, count, (total) => readColumn(reader, inner(0), total));
    case 'Map':
      return readLists(reader, count, (total) => {
        const keys = readColumn(reader, inner(0), total);
        const values = readColumn(reader, inner(1), total);
        return keys.map((key, i) => [key, values[i] as Value]);
      });
    case 'Tuple': {
      const columns = type.parameters.map((_, i) => readColumn(reader, inner(i), count));
      return Array.from({ length: count }, (_, i) => columns.map((column) => column[i] as Value));
    }
    default:
      throw new Error(`no reader for the type ${type.name}`);
  }
}

/** The elements of a named tuple come as `name Type`. */
function elementType(parameter: string): string {
  const named = /^[a-z_0-9]+ (.*)$/.exec(parameter);
  return named?.[1] ?? parameter;
}

function readLists(reader: Reader, count: number, read: (total: number) => Value[]): Value[] {
  const ends = Array.from({ length: count }, () => Number(take(reader, 8).readBigUInt64LE()));
  const values = read(ends.at(-1) ?? 0);
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : (ends[i - 1] as number);
    if (end < start) throw new Error('the ends of a list column go backwards');
    return values.slice(start, end);
  });
}

function wholeNumber(bytes: Buffer, width: number, signed: boolean): number | bigint {
  if (width < 8) return signed ? bytes.readIntLE(0, width) : bytes.readUIntLE(0, width);
  const value = signed ? bytes.readBigInt64LE() : bytes.readBigUInt64LE();
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

/** One value of a scalar type in RowBinary. */
export function writeRowBinary(type: string, value: Value): Buffer {
  const parsed = parseType(type);
  if (parsed.name === 'Nullable') {
    if (value === null) return Buffer.from([1]);
    return Buffer.concat([Buffer.from([0]), writeRowBinary(parsed.parameters[0] ?? '', value)]);
  }
  if (parsed.name === 'LowCardinality') return writeRowBinary(parsed.parameters[0] ?? '', value);
  if (parsed.name === 'String' && typeof value === 'string') {
    return Buffer.concat([lengthPrefix(value.length), Buffer.from(value, 'latin1')]);
  }
  const width = fixedWidths[parsed.name];
  if (width !== undefined && (typeof value === 'number' || typeof value === 'bigint')) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
    return bytes.subarray(0, width);
  }
  throw new Error(`no RowBinary for ${String(value)} as ${type}`);
}

function lengthPrefix(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
