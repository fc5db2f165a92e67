/**
 * A stream's Avro record schema, reduced to what decoding and storing need: a flat list of fields, each
 * of one of a few kinds.
 */
export interface RecordField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** Which branch of the union is null; 0 when the field is not nullable. */
  readonly nullBranch: 0 | 1;
}

export type FieldKind = 'string' | 'int' | 'long' | 'timestamp' | 'decimal' | 'map';

export interface RecordSchema {
  /** The schema as JSON, for registries and resolution. */
  readonly json: object;
  readonly fields: readonly RecordField[];
  /** Position of a field. Throws when there is none of that name. */
  index(name: string): number;
}

interface AvroField {
  readonly name: string;
  readonly type: unknown;
}

/**
 * Throws when the schema has a field that no stream needs so far: strings, ints, longs,
 * timestamp-micros, decimal(18,4) bytes, maps of strings, and unions of one of them with null.
 */
export function recordSchema(json: object): RecordSchema {
  const { name, fields } = json as { name?: string; fields?: readonly AvroField[] };
  if (fields === undefined) throw new Error(`schema ${name ?? '(no name)'} is not a record`);
  return withFields(
    json,
    fields.map((field) => parseField(name ?? '', field)),
  );
}

/**
 * What is kept of records of a schema: its fields, of which those in `given` are never null any more, and
 * texts that are derived from them.
 */
export function storedSchema(
  { json, fields }: RecordSchema,
  {
    given = [],
    derived,
  }: { readonly given?: readonly string[]; readonly derived: readonly string[] },
): RecordSchema {
  return withFields(json, [
    ...fields.map((field) => (given.includes(field.name) ? { ...field, nullable: false } : field)),
    ...derived.map((name) => ({ name, kind: 'string', nullable: false, nullBranch: 0 }) as const),
  ]);
}

function nameOf(json: object): string {
  return (json as { name?: string }).name ?? '';
}

function withFields(json: object, fields: readonly RecordField[]): RecordSchema {
  const positions = new Map(fields.map((field, position) => [field.name, position]));
  return {
    json,
    fields,
    index(field) {
      const position = positions.get(field);
      if (position === undefined) throw new Error(`schema ${nameOf(json)} has no field ${field}`);
      return position;
    },
  };
}

function parseField(record: string, field: AvroField): RecordField {
  const branches: readonly unknown[] = Array.isArray(field.type) ? field.type : [field.type];
  const nullBranch = branches.indexOf('null');
  const values = branches.filter((branch) => branch !== 'null');
  const kind = values.length === 1 ? kindOf(values[0]) : undefined;
  if (kind === undefined || branches.length > 2) {
    throw new Error(
      `field ${record}.${field.name} has a type no stream can store: ${JSON.stringify(field.type)}`,
    );
  }
  return {
    name: field.name,
    kind,
    nullable: nullBranch >= 0,
    nullBranch: nullBranch === 1 ? 1 : 0,
  };
}

function kindOf(type: unknown): FieldKind | undefined {
  if (type === 'string' || type === 'int' || type === 'long') return type;
  if (typeof type !== 'object' || type === null) return undefined;
  const { type: base, logicalType, scale, values } = type as Record<string, unknown>;
  if (base === 'long' && logicalType === 'timestamp-micros') return 'timestamp';
  if (base === 'bytes' && logicalType === 'decimal' && scale === 4) return 'decimal';
  if (base === 'map' && values === 'string') return 'map';
  if (logicalType === undefined && (base === 'string' || base === 'int' || base === 'long'))
    return base;
  return undefined;
}
