/**
 * In: a stream's fields, a mapping and a file's columns. Out: what is done with each row, decided once;
 * or what does not fit, naming the field and the columns.
 */
import { fieldSource, locate } from './cell-source.ts';
import type { FieldSource } from './cell-source.ts';
import { fieldEncoder, textOf } from './field-encoders.ts';
import type { Encode, TargetField } from './field-encoders.ts';
import { FileError } from './file-error.ts';
import { LocalTime } from './local-time.ts';
import type { Mapping } from './mapping.ts';
import type { Row, RowShape } from './row-file.ts';

/** What a file's rows are to become. */
export interface RowTarget {
  readonly stream: string;
  readonly fields: readonly TargetField[];
  /** The field whose text is the record's key. */
  readonly key: string;
  /** The field that gets a hash of all others where a row has no value for it. */
  readonly hashed: string | null;
  /** IANA name of the zone of times that do not say theirs. */
  readonly timezone: string;
}

export interface PlannedField {
  readonly field: TargetField;
  readonly source: FieldSource | null;
  readonly encode: Encode;
}

/** One entry a field, in their order. Throws a FileError (`wrong_mapping`). */
export function planFields(
  target: RowTarget,
  mapping: Mapping,
  file: RowShape,
): readonly PlannedField[] {
  refuseUnknownFields(target, mapping);
  const zone = new LocalTime(target.timezone);
  return target.fields.map((field) => {
    const source = sourceOf(field, target, mapping, file);
    const encode = fieldEncoder(field, { zone, format: source?.format ?? 'iso' });
    return { field, source, encode };
  });
}

/** Which rows the mapping takes; null for all of them. */
export function condition(
  { where, name }: Mapping,
  file: RowShape,
): ((row: Row) => boolean) | null {
  if (where === undefined) return null;
  const position = locate('where', where.column, file, { name });
  if ('not_empty' in where) {
    return ({ cells }) => {
      const value = cells[position];
      return value !== null && value !== undefined && value !== '';
    };
  }
  const wanted = new Set(where.in.map(String));
  return ({ cells }) => wanted.has(textOf(cells[position] ?? null) ?? '');
}

/** Columns of the file that nothing takes. */
export function unusedColumns(
  target: RowTarget,
  mapping: Mapping,
  file: RowShape,
): readonly string[] {
  const used = new Set<string>(mapping.where === undefined ? [] : [mapping.where.column]);
  for (const { name } of target.fields) {
    const entry = mapping.fields.get(name);
    if (entry === undefined || entry === null) used.add(name);
    else if (typeof entry === 'string') used.add(entry);
    else if (Array.isArray(entry)) for (const column of entry) used.add(column);
    else if ('column' in entry) used.add(entry.column);
    else if ('template' in entry)
      for (const part of entry.template.match(/[^{}]+/g) ?? []) used.add(part);
  }
  return file.columns.map(({ name }) => name).filter((name) => !used.has(name));
}

function refuseUnknownFields({ stream, fields }: RowTarget, mapping: Mapping): void {
  for (const name of mapping.fields.keys()) {
    if (fields.some((field) => field.name === name)) continue;
    const known = fields.map((field) => field.name).join(', ');
    throw new FileError(
      'wrong_mapping',
      `mapping ${mapping.name}: stream ${stream} has no field "${name}"; its fields are ${known}`,
    );
  }
}

function sourceOf(
  field: TargetField,
  target: RowTarget,
  mapping: Mapping,
  file: RowShape,
): FieldSource | null {
  const entry = mapping.fields.get(field.name);
  const isColumn = file.columns.some(({ name }) => name === field.name);
  const mayBeMissing =
    field.nullable || field.kind === 'map' || field.name === target.hashed || file.open;
  if (entry !== undefined) {
    if (Array.isArray(entry) && field.kind !== 'map') {
      throw wrongMapping(mapping, `${field.name} takes one column, not a list`);
    }
    const source = fieldSource(field.name, entry, file, mapping);
    if (
      source === null &&
      !field.nullable &&
      field.kind !== 'map' &&
      field.name !== target.hashed
    ) {
      throw wrongMapping(mapping, `${field.name} may not be empty in stream ${target.stream}`);
    }
    return source;
  }
  if (isColumn || file.open) {
    return fieldSource(field.name, { column: field.name, default: null }, file, mapping);
  }
  if (mayBeMissing) return null;
  const columns = file.columns.map(({ name }) => name).join(', ');
  throw wrongMapping(
    mapping,
    `${field.name} of stream ${target.stream} has no column of its name in ${file.path}; say which of its columns it takes: ${columns}`,
  );
}

function wrongMapping({ name }: Mapping, problem: string): FileError {
  return new FileError('wrong_mapping', `mapping ${name}: ${problem}`);
}
